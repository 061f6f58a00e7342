"""Put a token into a request to an API, with any HTTP library."""

import logging
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urlsplit

from tokenvend_client.client import Client
from tokenvend_client.errors import ConfigurationError, TokenvendError
from tokenvend_client.http import LOOPBACK
from tokenvend_client.token import Token
from tokenvend_client.user_token import UserToken

log = logging.getLogger("tokenvend_client")


@dataclass(frozen=True, slots=True)
class TokenArguments:
    """The arguments of `Client.token` with which an auth object gets its tokens."""

    client: Client
    credential: str
    scope: str | None = None
    audience: str | None = None
    resource: str | None = None
    tenant: str | None = None
    connection: str | None = None
    user: UserToken | None = None
    min_ttl_seconds: int = 0

    def token(self) -> Token:
        """Return a token, from memory or fetched."""
        return self.client.token(self.credential, **self._shape())

    async def token_async(self) -> Token:
        """The same for asyncio."""
        return await self.client.token_async(self.credential, **self._shape())

    def replacement(self, refused: Token) -> Token | None:
        """Report *refused*, and return the next token; `None` if there is no other."""
        try:
            found = self.client.replace(refused)
        except TokenvendError as error:
            _log_outcome(error)
            return None
        return _other(found, refused)

    async def replacement_async(self, refused: Token) -> Token | None:
        """The same for asyncio."""
        try:
            found = await self.client.replace_async(refused)
        except TokenvendError as error:
            _log_outcome(error)
            return None
        return _other(found, refused)

    def _shape(self) -> "_Shape":
        return {
            "scope": self.scope,
            "audience": self.audience,
            "resource": self.resource,
            "tenant": self.tenant,
            "connection": self.connection,
            "subject_token": self.user,
            "min_ttl_seconds": self.min_ttl_seconds,
        }


class _Shape(TypedDict):
    scope: str | None
    audience: str | None
    resource: str | None
    tenant: str | None
    connection: str | None
    subject_token: UserToken | None
    min_ttl_seconds: int


def check_api(url: str) -> None:
    """Check that a token may be sent to *url*.

    Raises:
        ConfigurationError: the token would be sent unencrypted (RFC 6750 §5.3).
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ConfigurationError("a token goes to an API over https alone")


def check_in_query(in_query: str | None, token: Token) -> None:
    """Check that *token* may go into the query because the caller says so.

    Raises:
        ConfigurationError: its API takes it in the path or the body.
    """
    if in_query is not None and (token.path_prefix or token.body):
        raise ConfigurationError("the API takes its key in the path or body: drop in_query")


def same_origin(url: str, other: str) -> bool:
    """Whether *other* has the same origin as *url*, so that a token for one may go to the other.

    >>> same_origin("https://api.example.com/a", "https://API.example.com:443/b")
    True
    >>> same_origin("https://api.example.com/a", "http://api.example.com/a")
    False
    """
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default


def _log_outcome(error: TokenvendError) -> None:
    log.warning("an API refused a token, and there is no other: %s", error.code)


def _other(found: Token, refused: Token) -> Token | None:
    return None if found.token_sha256 == refused.token_sha256 else found
