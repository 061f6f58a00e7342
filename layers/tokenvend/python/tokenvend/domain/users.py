"""Signed-in users: whom a verified user's token is about, and the connection that it picks.

With `connections: subject` in a grant, a caller names no connection. The token of its user does,
so that a mistake in one application cannot hand one user's token to another.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from tokenvend.domain.connection_request import CallerRequest, ConnectionRequest
from tokenvend.domain.errors import InvalidRequestError, SubjectTokenError
from tokenvend.domain.names import PICKED_CONNECTION
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import Rejection, VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class User:
    """Whom a verified token of a user issuer is about, and the audience that it is for.

    Two tokens of one user are equal here, so that `token_id`, the `jti`, splits no cache.
    """

    issuer: str
    subject: str
    audience: str
    token_id: str | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """A SHA-256 over issuer, subject and audience: what the user's tokens are kept under.

        A provider may answer two audiences differently, so they share no token.
        """
        return _digest(self.issuer, self.subject, self.audience).hex()

    @property
    def connection_name(self) -> str:
        """The name of this user's connection: a SHA-256 over issuer and subject."""
        digest = _digest(self.issuer, self.subject)
        return "@" + urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class UserToken:
    """A user's own token, verified, and the instant from which it is accepted no more."""

    token: Secret
    expires_at: datetime


def with_user(request: CallerRequest, user: User) -> CallerRequest:
    """*request* for *user*, whose token it carried."""
    match request:
        case Rejection():
            return replace(request, request=replace(request.request, user=user))
        case VendRequest() | ConnectionRequest():
            return replace(request, user=user)
        case unreachable:
            assert_never(unreachable)


def granted_user(user: User | None, grant: Grant) -> User:
    """*user*, if the grant takes such users' tokens.

    Raises:
        InvalidRequestError: there is none.
        SubjectTokenError: the token's issuer or audience is not the grant's.
    """
    if user is None:
        raise InvalidRequestError(
            "The signed-in user's token is needed, as subject_token.", rule=Rule.SUBJECT_TOKEN
        )
    if user.issuer not in grant.users:
        raise SubjectTokenError(
            "The grant takes no user's token of this issuer.", rule=Rule.USER_ISSUER
        )
    if user.audience != grant.users[user.issuer]:
        raise SubjectTokenError(
            "The user's token is for another audience than the grant's.", rule=Rule.USER_AUDIENCE
        )
    return user


def picked_connection(request: VendRequest | ConnectionRequest, grant: Grant) -> str:
    """The name of the connection that the request's user's token picks.

    Raises:
        InvalidRequestError: there is no token, or a name stands beside it.
        SubjectTokenError: the grant takes no such users' tokens.
    """
    if request.connection:
        raise InvalidRequestError(
            "The user's token picks the connection: leave connection out.", rule=Rule.CONNECTION
        )
    return granted_user(request.user, grant).connection_name


def _digest(*names: str) -> bytes:
    """A SHA-256 over *names* as JSON, so that no two lists of names run together into one text."""
    return hashlib.sha256(json.dumps(names, separators=(",", ":")).encode()).digest()


def is_picked_by_user(connection: str) -> bool:
    """Whether a user's token picked the connection of this name."""
    return PICKED_CONNECTION.fullmatch(connection) is not None
