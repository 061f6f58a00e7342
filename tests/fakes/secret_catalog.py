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

    def secret(self, secret_id: str) -> Iterator[SecretVersion]:
        yield from (each for each in self.secrets() if secret_id in _ids_of(each))


def _ids_of(secret: SecretVersion) -> set[str]:
    name = secret.credential if secret.tenant is None else f"{secret.credential}/{secret.tenant}"
    return {f"tokenvend/tokenvend/{name}", secret.adopted_arn or ""}
