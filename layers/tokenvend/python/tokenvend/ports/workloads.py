"""What proving a workload by its token needs of the outside."""

from datetime import datetime
from typing import Protocol

from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.issuer import Jwk, TrustedIssuer


class TrustedIssuers(Protocol):
    """The issuers that the configuration trusts."""

    def read(self, issuer: str) -> TrustedIssuer | None:
        """The one whose `iss` is *issuer* to the letter, or `None`.

        Raises:
            StoreAwayError: the registry does not answer.
        """


class SignatureVerifier(Protocol):
    """Verifies signatures, and judges nothing else of a token."""

    def is_signed_by(self, token: Secret, key: Jwk, *, algorithm: str) -> bool:
        """Whether the owner of *key* signed *token* by *algorithm*.

        Whatever the token or the key is, it never raises.
        """


class KeySets(Protocol):
    """Issuers' published keys (RFC 7517 §5)."""

    def fetch(self, jwks_uri: str) -> tuple[Jwk, ...]:
        """The keys at *jwks_uri* that can verify something: at least one.

        Raises:
            IssuerAwayError: they could not be fetched within `bounds.ISSUER_TOTAL_SECONDS`.
        """


class UsedTokens(Protocol):
    """Subject tokens that count once."""

    def use(self, issuer: str, token_id: str, *, until: datetime) -> bool:
        """Use up the token of *issuer* with the `jti` *token_id*; `False`: it was used before.

        From *until* on the token is refused for its age, so it can be forgotten.

        Raises:
            StoreAwayError: nobody can say whether it was used.
        """
