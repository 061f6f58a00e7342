"""Tokens of signed-in users, as an identity provider gives them, signed by nobody."""

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
    """A token about *subject* for your own tests: a fake takes it, a real tokenvend does not.

    *now* is in seconds since 1970, if a test moves the time.

    >>> user_token("ada", now=1800000000).count(".")
    2
    """
    issued_at = time.time() if now is None else now
    claims = {"iss": issuer, "sub": subject, "iat": issued_at, "exp": issued_at + expires_in}
    return ".".join((_part({"alg": "ES256", "typ": "JWT"}), _part(claims), "c2ln"))


def _part(fields: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()
