"""Unsigned tokens of signed-in users, in the form in which an identity provider issues them."""

import base64
import json
import time


def user_token(
    subject: str,
    *,
    issuer: str = "https://login.example.com",
    expires_in: float = 3600,
    now: float | None = None,
) -> str:
    """Return a token about *subject* for tests: a fake accepts it, a real tokenvend does not.

    *now* is in seconds since 1970, for a test that sets the time.

    >>> user_token("ada", now=1800000000).count(".")
    2
    """
    issued_at = time.time() if now is None else now
    claims = {"iss": issuer, "sub": subject, "iat": issued_at, "exp": issued_at + expires_in}
    return ".".join((_part({"alg": "ES256", "typ": "JWT"}), _part(claims), "c2ln"))


def _part(fields: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()
