"""The secrets of a deployment, without their values, in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tokenvend.ports import SecretVersion, StoreAwayError


@dataclass
class FakeSecretCatalog:
    """`ports.SecretCatalog` on a list."""

    found: list[SecretVersion] = field(default_factory=list)
    is_away: bool = False

    def secrets(self) -> Iterator[SecretVersion]:
        if self.is_away:
            raise StoreAwayError("Secrets Manager does not answer")
        yield from self.found
