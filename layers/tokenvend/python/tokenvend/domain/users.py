"""Signed-in users, and the connection that the verified token of one selects.

With `connections: subject` in a grant, a caller does not name a connection. The token of its user
picks it, so that a mistake in an application cannot give one user's token to another.
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
from tokenvend.domain.request import RejectionReport, VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class User:
    """The subject of a verified user's token, and the token's audience.

    `token_id` is the token's `jti`. It is not compared, so that two tokens of the same user find
    the same cached token.
    """

    issuer: str
    subject: str
    audience: str
    token_id: str | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """The user's part of a cache key: a SHA-256 over issuer, subject and audience.

        The audience is part of it because a provider may give different tokens for two audiences.
        """
        return _digest(self.issuer, self.subject, self.audience).hex()

    @property
    def connection_name(self) -> str:
        """The name of this user's connection: a SHA-256 over issuer and subject."""
        digest = _digest(self.issuer, self.subject)
        return "@" + urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class UserToken:
    """A user's verified token, and the instant from which it is no longer accepted."""

    token: Secret
    expires_at: datetime


def with_user(request: CallerRequest, user: User) -> CallerRequest:
    """Return *request* with *user*, whose token came with it."""
    match request:
        case RejectionReport():
            return replace(request, request=replace(request.request, user=user))
        case VendRequest() | ConnectionRequest():
            return replace(request, user=user)
        case unreachable:
            assert_never(unreachable)


def granted_user(user: User | None, grant: Grant) -> User:
    """Return *user*, if the grant accepts tokens of its issuer for its audience.

    Raises:
        InvalidRequestError: the request has no user's token.
        SubjectTokenError: the token's issuer or audience is not the grant's.
    """
    if user is None:
        raise InvalidRequestError(
            "The signed-in user's token is needed, as subject_token.", rule=Rule.SUBJECT_TOKEN
        )
    if user.issuer not in grant.users:
        raise SubjectTokenError(
            "The grant does not list the issuer of this user's token.", rule=Rule.USER_ISSUER
        )
    if user.audience != grant.users[user.issuer]:
        raise SubjectTokenError(
            "The grant does not list the audience of this user's token.", rule=Rule.USER_AUDIENCE
        )
    return user


def picked_connection(request: VendRequest | ConnectionRequest, grant: Grant) -> str:
    """Return the name of the connection that the user's token of *request* picks.

    Raises:
        InvalidRequestError: there is no user's token, or the request also names a connection.
        SubjectTokenError: the token's issuer or audience is not the grant's.
    """
    if request.connection:
        raise InvalidRequestError(
            "The user's token picks the connection: leave connection out.", rule=Rule.CONNECTION
        )
    return granted_user(request.user, grant).connection_name


def _digest(*names: str) -> bytes:
    """Return the SHA-256 over *names* as JSON, so that different names never have the same text."""
    return hashlib.sha256(json.dumps(names, separators=(",", ":")).encode()).digest()


def is_picked_by_user(connection: str) -> bool:
    """Whether *connection* is a name that a user's token picks."""
    return PICKED_CONNECTION.fullmatch(connection) is not None
