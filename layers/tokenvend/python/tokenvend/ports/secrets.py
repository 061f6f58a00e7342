"""Provider credentials' secrets, and the keys that sign for us."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import PublishedKey, SigningAlgorithm, SigningKey
from tokenvend.domain.token import SecretStage

if TYPE_CHECKING:  # a vend names none of these, and would pay for each class at a cold start
    from tokenvend.domain.oauth.token_request import ProviderSecret


class SecretStore(Protocol):
    """The provider credentials' secrets."""

    def read(
        self,
        definition: CredentialDefinition,
        tenant: str | None,
        *,
        stage: SecretStage = SecretStage.CURRENT,
    ) -> ProviderSecret:
        """The secret in *stage*, past every cache.

        Raises:
            SecretUnusableError: it is missing, or has no client id, secret or host.
            StoreAwayError: it could not be read.
        """


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """A credential's or tenant's secret, and the id of its current version.

    `adopted_arn` is the ARN of one that only its tags call the credential's, and whoever may tag
    a secret writes those; `None` for one that is named for the credential.
    """

    credential: str
    tenant: str | None
    version: str
    adopted_arn: str | None = None


class SecretCatalog(Protocol):
    """Every secret of this deployment, without their values."""

    def secrets(self) -> Iterator[SecretVersion]:
        """Each secret once.

        Raises:
            StoreAwayError: Secrets Manager does not answer.
        """

    def secret(self, secret_id: str) -> Iterator[SecretVersion]:
        """The one secret with that name or ARN; nothing if it is not this deployment's.

        Raises:
            StoreAwayError: Secrets Manager does not answer.
        """


class AssertionSigner(Protocol):
    """Keys that sign for a client (RFC 7523)."""

    def key_id(self, key: SigningKey) -> str:
        """The `kid` by which the provider finds the public half.

        Raises:
            SigningKeyUnusableError: it is no key.
        """

    def sign(self, key: SigningKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
        """The signature over *message*, in JOSE's form (RFC 7518 §3).

        Raises:
            SigningKeyUnusableError: the key is missing, not ours, or not for *algorithm*.
            StoreAwayError: KMS does not answer.
        """


class IdentityTokens(Protocol):
    """AWS's word for who this function's role is."""

    def token(self, audience: str) -> Secret:
        """A new identity token for *audience*, good for `bounds.ASSERTION_LIFETIME`.

        Raises:
            SigningKeyUnusableError: AWS may not, or does not, give one for *audience*.
            StoreAwayError: STS does not answer.
        """


class PublishedKeys(Protocol):
    """Which key pairs sign for us, as the registry has it."""

    def read(self) -> tuple[PublishedKey, ...]:
        """All of them.

        Raises:
            StoreAwayError: the registry does not answer.
        """


class PublicKeys(Protocol):
    """The public halves of key pairs."""

    def read(self, key: PublishedKey) -> dict[str, str]:
        """The public half as a JSON Web Key, with its `kid`, `alg` and `use` (RFC 7517 §4).

        Raises:
            SigningKeyUnusableError: the key is missing, not ours, or of another kind.
            StoreAwayError: KMS does not answer.
        """
