"""A signed-in user's own token, which selects the user's connection."""

import base64
import hashlib
import json
from typing import Any, NoReturn

from tokenvend_client.secret import Secret
from tokenvend_client.subject_tokens import JWT, proof_of


class UserToken:
    """The token of a user, as the application's sign-in returned it: a signed JWT.

    Two are equal if their texts are equal. Its claims are not verified here; tokenvend does so at
    each request. Here they only say which cached answers belong to the user, and until when.
    Nothing prints it.

    >>> UserToken("eyJhbGciOiJFUzI1NiJ9.e30.c2ln")
    <UserToken 136b6d38…>
    """

    __slots__ = ("_secret", "ends_at", "sha256", "user")

    def __init__(self, token: str | Secret) -> None:
        # First of all, so that no error's traceback shows it from here.
        token = token if isinstance(token, Secret) else Secret(token)
        claims = _claims(token)
        self._secret = token
        self.sha256 = token.sha256
        #: `iss` and `sub`; for a token that is no JWT, a value that no other user has.
        self.user = (str(claims.get("iss", self.sha256)), str(claims.get("sub", "")))
        #: `exp` in seconds since 1970, if it has one.
        self.ends_at = _instant(claims.get("exp"))

    @property
    def connection_name(self) -> str:
        """Return the name that tokenvend gives the user's connection."""
        pair = json.dumps(list(self.user), separators=(",", ":"))
        digest = hashlib.sha256(pair.encode("utf-8", "surrogatepass")).digest()
        return "@" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def parameters(self) -> dict[str, Secret]:
        """Return the parameters that carry the token in a request (RFC 8693 §2.1)."""
        return proof_of(self._secret, JWT)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UserToken) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"<UserToken {self.sha256[:8]}…>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a UserToken cannot be pickled")


#: The forms in which an application may pass a user's token.
SubjectToken = str | Secret | UserToken


def user_token_of(subject_token: SubjectToken) -> UserToken:
    """Return *subject_token* in the form in which requests hold it."""
    return subject_token if isinstance(subject_token, UserToken) else UserToken(subject_token)


def _claims(token: Secret) -> dict[str, Any]:
    """Return the claims of a JWT, not verified; empty if the text is no JWT."""
    try:
        claims = json.loads(_part(token.reveal()))
    except (ValueError, RecursionError):
        claims = None
    return claims if isinstance(claims, dict) else {}


def _part(token: str) -> bytes:
    encoded = token.split(".")[1] if token.count(".") == 2 else ""
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


def _instant(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
