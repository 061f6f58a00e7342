"""Published keys, and their public halves, in memory."""

from dataclasses import dataclass, field

from tests.fakes.signer import new_pair

from tokenvend.adapters.signing.jwk import public_jwk
from tokenvend.domain.signing import KmsKey, PublishedKey
from tokenvend.ports import SigningKeyUnusableError, StoreAwayError


@dataclass
class FakePublishedKeys:
    """`ports.PublishedKeys`."""

    keys: list[PublishedKey] = field(default_factory=list)
    is_away: bool = False
    reads: int = 0

    def read(self) -> tuple[PublishedKey, ...]:
        self.reads += 1
        if self.is_away:
            raise StoreAwayError("the registry does not answer")
        return tuple(self.keys)


@dataclass
class FakePublicKeys:
    """`ports.PublicKeys`."""

    known: dict[str, dict[str, str]] = field(default_factory=dict)
    is_away: bool = False

    def add(self, key: PublishedKey) -> None:
        """Make a key pair for *key*."""
        self.known[key.arn] = public_jwk(new_pair(key.algorithm).public_key())

    def read(self, key: PublishedKey) -> dict[str, str]:
        if self.is_away:
            raise StoreAwayError("KMS does not answer")
        if key.arn not in self.known:
            raise SigningKeyUnusableError("The key does not exist.")
        named = {"kid": KmsKey(key.arn).key_id, "alg": key.algorithm.value, "use": "sig"}
        return self.known[key.arn] | named
