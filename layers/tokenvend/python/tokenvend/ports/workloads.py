"""Ports for verifying subject tokens."""

from datetime import datetime
from typing import Protocol

from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.issuer import Jwk, TrustedIssuer


class TrustedIssuers(Protocol):
    """Reads the issuers that the configuration trusts."""

    def read(self, issuer: str) -> TrustedIssuer | None:
        """Return the issuer whose `iss` is exactly *issuer*, or `None`.

        Raises:
            StoreAwayError: the registry does not answer.
        """


class SignatureVerifier(Protocol):
    """Verifies the signature of a token, and nothing else of it."""

    def is_signed_by(self, token: Secret, key: Jwk, *, algorithm: str) -> bool:
        """Whether *key* verifies the signature of *token* with *algorithm*.

        It never raises: a malformed token or key gives `False`.
        """


class KeySets(Protocol):
    """Fetches issuers' published keys (RFC 7517 §5)."""

    def fetch(self, jwks_uri: str) -> tuple[Jwk, ...]:
        """Return the keys at *jwks_uri* that can verify a signature: at least one.

        Raises:
            IssuerAwayError: the keys could not be fetched within `bounds.ISSUER_TOTAL_SECONDS`,
                or none of them can verify a signature.
        """


class UsedTokens(Protocol):
    """Remembers used subject tokens, so that each is accepted once."""

    def use(self, issuer: str, token_id: str, *, until: datetime) -> bool:
        """Use up *issuer*'s token with the `jti` *token_id*; `False` if it was used before.

        The record may be deleted from *until* on: the token is refused for its age then.

        Raises:
            StoreAwayError: the table does not answer, so whether it was used is not known.
        """
