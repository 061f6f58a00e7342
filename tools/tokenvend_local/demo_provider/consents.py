"""Users, their consents, and the codes and refresh tokens issued for them."""

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tokenvend_local.demo_provider.refusal import RefusedError

#: SmartRecruiters documents 28 days for a refresh token; a code is for immediate use.
REFRESH_TOKEN_SECONDS = 28 * 24 * 3600
CODE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class User:
    """A user who can sign in."""

    user_id: str
    name: str
    email: str


USERS = {
    user.user_id: user
    for user in (
        User("ada", "Ada Lovelace", "ada@initech.example"),
        User("grace", "Grace Hopper", "grace@initech.example"),
        User("mallory", "Mallory Archer", "mallory@initech.example"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What one user agreed to, and the end of its code's or refresh token's validity."""

    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    code_challenge: str | None
    expires_at: float


class Consents:
    """Codes and refresh tokens, each valid for one use. Safe to use from many threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[str, Consent] = {}
        self._refresh_tokens: dict[str, Consent] = {}
        self._issued: list[str] = []

    def new_code(
        self,
        client_id: str,
        user: User,
        scopes: tuple[str, ...],
        *,
        redirect_uri: str,
        code_challenge: str | None,
    ) -> str:
        """Issue a code for what *user* has just agreed to."""
        return self._keep(
            self._codes,
            "code_",
            Consent(
                client_id=client_id,
                user_id=user.user_id,
                scopes=scopes,
                redirect_uri=redirect_uri,
                code_challenge=code_challenge,
                expires_at=self._clock() + CODE_SECONDS,
            ),
        )

    def redeem_code(self, client_id: str, form: Mapping[str, str]) -> Consent:
        """Redeem the code in *form* for its consent (RFC 6749 §4.1.3, RFC 7636 §4.6).

        Raises:
            RefusedError: it is no code of *client_id*, was used, expired, or is for another sender.
        """
        consent = self._redeem(self._codes, form.get("code", ""), client_id)
        if form.get("redirect_uri") != consent.redirect_uri:
            raise RefusedError("invalid_grant", "redirect_uri is not the one of the code.")
        if not _verifies(consent.code_challenge, form.get("code_verifier")):
            raise RefusedError("invalid_grant", "code_verifier is not the one of the code.")
        return consent

    def redeem_refresh_token(self, client_id: str, form: Mapping[str, str]) -> Consent:
        """Redeem the refresh token in *form* for its consent (RFC 6749 §6); it is valid once.

        Raises:
            RefusedError: it is no token of *client_id*, was used or has expired.
        """
        return self._redeem(self._refresh_tokens, form.get("refresh_token", ""), client_id)

    def new_refresh_token(self, consent: Consent) -> str:
        """Issue the next refresh token of *consent*."""
        lasting = replace(consent, expires_at=self._clock() + REFRESH_TOKEN_SECONDS)
        return self._keep(self._refresh_tokens, "refresh_", lasting)

    def revoke(self, value: str, client_id: str) -> None:
        """Forget a refresh token, if it is that client's."""
        with self._lock:
            consent = self._refresh_tokens.get(value)
            if consent is not None and consent.client_id == client_id:
                del self._refresh_tokens[value]

    def secret_values(self) -> list[str]:
        """Return every code and refresh token that was ever issued."""
        with self._lock:
            return list(self._issued)

    def _keep(self, where: dict[str, Consent], prefix: str, consent: Consent) -> str:
        value = prefix + secrets.token_urlsafe(24)
        with self._lock:
            where[value] = consent
            self._issued.append(value)
        return value

    def _redeem(self, where: dict[str, Consent], value: str, client_id: str) -> Consent:
        with self._lock:
            consent = where.get(value)
            if consent is None or consent.client_id != client_id:
                raise RefusedError("invalid_grant", "Not one of this client's, or it was used.")
            del where[value]
        if consent.expires_at <= self._clock():
            raise RefusedError("invalid_grant", "It has expired.")
        return consent


def _verifies(challenge: str | None, verifier: str | None) -> bool:
    if challenge is None:
        return verifier is None
    digest = hashlib.sha256((verifier or "").encode()).digest()
    computed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(computed, challenge)
