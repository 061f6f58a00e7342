"""Signed-in users: whom a verified user's token is about, and the connection that it picks.

With `connections: subject` in a grant, a caller names no connection. The token of its user does,
so that a mistake in one application cannot hand one user's token to another.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from typing import assert_never

from tokenvend.domain.connection_request import ConnectionRequest
from tokenvend.domain.errors import InvalidRequestError, SubjectTokenError
from tokenvend.domain.names import PICKED_CONNECTION
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import Rejection, VendRequest
from tokenvend.domain.rule import Rule

type Asked = VendRequest | Rejection | ConnectionRequest


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
    def connection_name(self) -> str:
        """The name of this user's connection: a SHA-256 over issuer and subject.

        They are hashed as JSON, so that no issuer and subject run together into another pair.
        """
        pair = json.dumps([self.issuer, self.subject], separators=(",", ":"))
        digest = hashlib.sha256(pair.encode()).digest()
        return "@" + urlsafe_b64encode(digest).rstrip(b"=").decode()


def with_user(request: Asked, user: User) -> Asked:
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


def is_picked_by_user(connection: str) -> bool:
    """Whether a user's token picked the connection of this name."""
    return PICKED_CONNECTION.fullmatch(connection) is not None
