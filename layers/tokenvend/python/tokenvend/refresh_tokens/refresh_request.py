"""A request to refresh a connection's token, and the errors if it must wait."""

from dataclasses import dataclass
from datetime import timedelta

from tokenvend.domain.connection import ConnectionKey, connection_of
from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    TemporarilyUnavailableError,
    store_unavailable,
)
from tokenvend.domain.scopes import Scopes
from tokenvend.ports import Clock
from tokenvend.vending.exchange import ExchangeRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRequest:
    """Which refresh token to redeem, for which scopes, and by when.

    `requested_scopes` is `None` for all scopes that the user consented to. `consent_id` names the
    consent that was decided on; `None`: whichever there is. `deadline` is the end of this
    invocation, in the clock's monotonic seconds.
    """

    key: ConnectionKey
    definition: CredentialDefinition
    requested_scopes: Scopes | None
    deadline: float
    consent_id: str | None = None
    secret_generation: str = ""

    def time_left(self, clock: Clock) -> timedelta:
        """Return the time until the deadline."""
        return timedelta(seconds=self.deadline - clock.monotonic())


def refresh_request_of(exchange_request: ExchangeRequest) -> RefreshRequest:
    """Return which refresh token gives the token of *exchange_request*, that of a connection.

    Scopes are named only where the provider issues tokens with fewer than were consented to.
    """
    spec = exchange_request.spec
    key = connection_of(spec)
    if key is None:
        raise AssertionError("only a connection has a refresh token")
    narrows = exchange_request.definition.token_scope_mode is ScopeMode.NARROWS
    return RefreshRequest(
        key=key,
        definition=exchange_request.definition,
        requested_scopes=spec.scopes if narrows and spec.scopes else None,
        deadline=exchange_request.deadline,
        consent_id=spec.consent,
        secret_generation=exchange_request.secret_generation,
    )


def connection_busy(retry_after_seconds: int) -> TemporarilyUnavailableError:
    """Return the error of a request while another one refreshes this connection."""
    return TemporarilyUnavailableError(
        "Another request is refreshing this connection; ask again.",
        rule=CONNECTION_BUSY,
        retry_after_seconds=retry_after_seconds,
    )


def connections_unavailable() -> TemporarilyUnavailableError:
    """Return the error of a request while the connections table does not answer."""
    return store_unavailable("The connections table does not answer")
