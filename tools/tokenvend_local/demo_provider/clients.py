"""What the provider issued: clients, tokens, and a record of each exchange."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from tokenvend_local.demo_provider.consents import Consents

#: The lifetime of a token as observed at SmartRecruiters, in seconds.
LIFETIME_SECONDS = 1799


class Flavour(StrEnum):
    """SMARTRECRUITERS: secret in the body, tokens carry all the client's scopes.

    STANDARD: as in RFC 6749, 8707 and 7009: HTTP Basic too, narrower scopes, audience, resource.
    """

    SMARTRECRUITERS = "smartrecruiters"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client that the provider knows. `api_key` is what `X-SmartToken` takes, if any.

    `redirect_uris` are where users may be sent back to, each exactly; three at most count.
    """

    client_id: str
    client_secret: str
    flavour: Flavour = Flavour.SMARTRECRUITERS
    scopes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    company: str = "Example Company"
    lifetime_seconds: int = LIFETIME_SECONDS
    api_key: str | None = None
    redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One access token: whose, for what, and until when (seconds since the epoch).

    `user_id` is the user who consented, where one did.
    """

    value: str
    client_id: str
    scopes: tuple[str, ...]
    target: str | None
    expires_at: float
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExchangeRecord:
    """One request to the token endpoint that named a known client, and how it was answered.

    It came at `began_at` and was answered at `at`, both in seconds since the epoch; `scope`,
    `audience` and `resource` are as asked.
    """

    client_id: str
    status: int
    at: float
    began_at: float
    scope: str | None = None
    audience: str | None = None
    resource: str | None = None
    authentication: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For the control listener."""
        return asdict(self)


class Book:
    """Everything the provider remembers. Safe to use from many threads."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._tokens: dict[str, Token] = {}
        self._issued: list[str] = []
        self._exchanges: list[TokenExchangeRecord] = []
        self.consents = Consents(clock)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    def add_client(self, client: Client) -> None:
        """Add *client*, replacing one with the same id."""
        with self._lock:
            self._clients[client.client_id] = client

    def client(self, client_id: str) -> Client | None:
        """The client of that id."""
        with self._lock:
            return self._clients.get(client_id)

    def client_of_api_key(self, api_key: str) -> Client | None:
        """The client whose API key it is."""
        with self._lock:
            found = (c for c in self._clients.values() if c.api_key and c.api_key == api_key)
            return next(found, None)

    def issue(
        self,
        client: Client,
        scopes: tuple[str, ...],
        target: str | None,
        user_id: str | None = None,
    ) -> Token:
        """Issue a token for *client*."""
        token = Token(
            value=f"demo_{secrets.token_urlsafe(32)}",
            client_id=client.client_id,
            scopes=scopes,
            target=target,
            expires_at=self.now() + client.lifetime_seconds,
            user_id=user_id,
        )
        with self._lock:
            self._tokens[token.value] = token
            self._issued.append(token.value)
        return token

    def last_token(self, client_id: str) -> Token | None:
        """Return the token issued last to that client, if it is still valid."""
        with self._lock:
            mine = [token for token in self._tokens.values() if token.client_id == client_id]
        return mine[-1] if mine and mine[-1].expires_at > self.now() else None

    def token(self, value: str) -> Token | None:
        """The token, unless it expired or was revoked."""
        with self._lock:
            token = self._tokens.get(value)
        return token if token and token.expires_at > self.now() else None

    def issued(self, value: str) -> Token | None:
        """The token that was issued under *value*, expired or not, unless it was revoked."""
        with self._lock:
            return self._tokens.get(value)

    def revoke(self, value: str, client_id: str) -> None:
        """Forget a token, if it is that client's."""
        with self._lock:
            token = self._tokens.get(value)
            if token and token.client_id == client_id:
                del self._tokens[value]

    def record(self, exchange: TokenExchangeRecord) -> None:
        """Remember *exchange*."""
        with self._lock:
            self._exchanges.append(exchange)

    def exchanges(self, client_id: str | None = None) -> list[TokenExchangeRecord]:
        """Every exchange so far, or one client's."""
        with self._lock:
            return [e for e in self._exchanges if client_id in (None, e.client_id)]

    def secret_values(self) -> list[str]:
        """Return every client secret, API key, code and token so far, to search logs for them."""
        with self._lock:
            clients = list(self._clients.values())
            issued = list(self._issued)
        keys = [client.api_key for client in clients if client.api_key]
        return (
            [client.client_secret for client in clients]
            + keys
            + issued
            + self.consents.secret_values()
        )
