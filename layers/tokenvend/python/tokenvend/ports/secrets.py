"""Ports for provider credentials' secrets, and for the keys that sign client assertions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import PublishedKey, SigningAlgorithm, SigningKey
from tokenvend.domain.token import SecretStage

if TYPE_CHECKING:  # a vend uses none of these at run time; each class costs cold-start time
    from tokenvend.domain.oauth.token_request import ProviderSecret


class SecretStore(Protocol):
    """Reads the secrets of provider credentials."""

    def read(
        self,
        definition: CredentialDefinition,
        tenant: str | None,
        *,
        stage: SecretStage = SecretStage.CURRENT,
    ) -> ProviderSecret:
        """Read the secret in *stage*, without any cache.

        Raises:
            SecretUnusableError: the secret is missing, or has no client id, secret or host.
            StoreAwayError: the secret could not be read.
        """


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """A credential's or tenant's secret, and the id of its current version.

    `adopted_arn` is the ARN of a secret that only its tags assign to the credential. Anyone who may
    tag a secret can write such tags. `None`: the secret is named after its credential.
    """

    credential: str
    tenant: str | None
    version: str
    adopted_arn: str | None = None


class SecretCatalog(Protocol):
    """Lists the secrets of this deployment, without their values."""

    def secrets(self) -> Iterator[SecretVersion]:
        """Yield each secret once.

        Raises:
            StoreAwayError: Secrets Manager does not answer.
        """

    def secret(self, secret_id: str) -> Iterator[SecretVersion]:
        """Yield the secret of the name or ARN *secret_id*; nothing if it is another deployment's.

        Raises:
            StoreAwayError: Secrets Manager does not answer.
        """


class AssertionSigner(Protocol):
    """Signs client assertions with a client's key (RFC 7523 §2.2)."""

    def key_id(self, key: SigningKey) -> str:
        """Return the `kid` by which the provider finds the public key (RFC 7515 §4.1.4).

        Raises:
            SigningKeyUnusableError: *key* holds no valid private key.
        """

    def sign(self, key: SigningKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
        """Sign *message*; return the signature in JOSE's form (RFC 7518 §3).

        Raises:
            SigningKeyUnusableError: the key is missing, not ours, or not for *algorithm*.
            StoreAwayError: KMS does not answer.
        """


class IdentityTokens(Protocol):
    """Gets identity tokens that AWS signs for this function's role."""

    def token(self, audience: str) -> Secret:
        """Return a new identity token for *audience*, valid for `bounds.ASSERTION_LIFETIME`.

        Raises:
            SigningKeyUnusableError: AWS gives no token for *audience*, or this role may not get it.
            StoreAwayError: STS does not answer.
        """


class PublishedKeys(Protocol):
    """Reads from the registry which signing keys have their public halves published."""

    def read(self) -> tuple[PublishedKey, ...]:
        """Return all published keys.

        Raises:
            StoreAwayError: the registry does not answer.
        """


class PublicKeys(Protocol):
    """Reads the public halves of key pairs."""

    def read(self, key: PublishedKey) -> dict[str, str]:
        """Return the public half as a JSON Web Key with its `kid`, `alg` and `use` (RFC 7517 §4).

        Raises:
            SigningKeyUnusableError: the key is missing, not ours, or of another kind.
            StoreAwayError: KMS does not answer.
        """
