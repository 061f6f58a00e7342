"""Refresh idle connections before their refresh tokens expire, and drop abandoned consents."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionKey, ConnectionStatus
from tokenvend.domain.connection_health import Forecast, Health, forecast, keep_alive_due_at
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.errors import CredentialNotReadyError, TokenVendError
from tokenvend.ports import (
    Clock,
    ConnectionStore,
    CredentialReader,
    CredentialStates,
    StoreAwayError,
)
from tokenvend.refresh_tokens.refresh_request import RefreshRequest
from tokenvend.refresh_tokens.refresher import Refresher


class KeepAliveOutcome(StrEnum):
    """The result for one connection. NO_TIME: the next run goes on from there."""

    REFRESHED = "refreshed"
    DROPPED = "dropped"
    FAILED = "failed"
    NO_TIME = "no_time"


@dataclass(frozen=True, slots=True)
class KeepAliveResult:
    """One connection that was due; `failed` says why it was not refreshed."""

    key: ConnectionKey
    outcome: KeepAliveOutcome
    failed: TokenVendError | None = None


class KeepAlive:
    """The use case of the hourly schedule, which has no caller."""

    def __init__(
        self,
        *,
        connections: ConnectionStore,
        credentials: CredentialReader,
        states: CredentialStates,
        refresher: Refresher,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._credentials = credentials
        self._states = states
        self._refresher = refresher
        self._clock = clock

    def run(
        self, *, deadline: float, report_health: Callable[[Health], None] = lambda _: None
    ) -> Iterator[KeepAliveResult]:
        """Refresh idle connections and drop abandoned ones, until *deadline* (monotonic seconds).

        *report_health* gets the health of each connection as the run leaves it. A connection that
        is blocked, or whose credential is gone or blocked, is skipped: nothing of it is sent, so
        its refresh token ages until the block is lifted.

        Raises:
            StoreAwayError: the tables do not answer.
        """
        definitions: dict[str, CredentialDefinition | None] = {}
        has_time = True
        for connection in self._connections.all():
            now = self._clock.now()
            left = deadline - self._clock.monotonic()
            if left < bounds.ANSWER_NEEDS.total_seconds():
                if has_time:
                    yield KeepAliveResult(connection.key, KeepAliveOutcome.NO_TIME)
                return
            if self._is_forgotten(connection, now):
                self._connections.drop_pending(connection)
                yield KeepAliveResult(connection.key, KeepAliveOutcome.DROPPED)
                continue
            definition = self._definition(connection.key.credential, definitions)
            health = forecast(connection, definition, now=now).health
            if has_time and definition is not None and _is_due(connection, definition, now):
                has_time = left >= bounds.EXCHANGE_NEEDS.total_seconds()
                result = self._result(connection.key, definition, deadline, has_time=has_time)
                if result is not None:
                    yield result
                    health = _health_after(result, health)
            report_health(health)

    def _result(
        self,
        key: ConnectionKey,
        definition: CredentialDefinition,
        deadline: float,
        *,
        has_time: bool,
    ) -> KeepAliveResult | None:
        """The result for a connection that is due; `None` if it is blocked."""
        if not has_time:
            return KeepAliveResult(key, KeepAliveOutcome.NO_TIME)
        return None if self._is_blocked(key) else self._refresh(key, definition, deadline)

    def forecast(self) -> Iterator[Forecast]:
        """Return the health of every connection.

        Raises:
            StoreAwayError: the tables do not answer.
        """
        definitions: dict[str, CredentialDefinition | None] = {}
        for connection in self._connections.all():
            definition = self._definition(connection.key.credential, definitions)
            yield forecast(connection, definition, now=self._clock.now())

    def _definition(
        self, credential: str, known: dict[str, CredentialDefinition | None]
    ) -> CredentialDefinition | None:
        if credential not in known:
            known[credential] = self._credentials.read(credential, None).definition
        return known[credential]

    def _is_blocked(self, key: ConnectionKey) -> bool:
        # Read only for a connection that is due, just before its refresh token is sent.
        return self._credentials.read(key.credential, None, connection=key).definition is None

    def _is_forgotten(self, connection: Connection, now: datetime) -> bool:
        pending = connection.pending
        # Kept for a while after the code expired, so that its owner can see that it expired.
        return pending is not None and pending.is_expired(now - bounds.PENDING_CONSENT_RETAINED)

    def _refresh(
        self, key: ConnectionKey, definition: CredentialDefinition, deadline: float
    ) -> KeepAliveResult:
        refresh_request = RefreshRequest(
            key=key, definition=definition, requested_scopes=None, deadline=deadline
        )
        try:
            self._refresher.refresh(refresh_request)
        except TokenVendError as error:
            if isinstance(error, CredentialNotReadyError):
                self._mark_ready(key.credential, is_ready=False)
            return KeepAliveResult(key, KeepAliveOutcome.FAILED, error)
        self._mark_ready(key.credential, is_ready=True)
        return KeepAliveResult(key, KeepAliveOutcome.REFRESHED)

    def _mark_ready(self, credential: str, *, is_ready: bool) -> None:
        reader = ScheduledReader.KEEP_ALIVE
        known = self._credentials.read(credential, None).state.not_ready_for
        if is_ready == (reader not in known):
            return
        try:
            self._states.mark_ready(credential, None, reader, is_ready=is_ready)
        except StoreAwayError:
            return


def _health_after(result: KeepAliveResult, before: Health) -> Health:
    return Health.HEALTHY if result.outcome is KeepAliveOutcome.REFRESHED else before


def _is_due(connection: Connection, definition: CredentialDefinition, now: datetime) -> bool:
    if connection.status is not ConnectionStatus.ACTIVE or connection.consent is None:
        return False
    return now >= keep_alive_due_at(connection.consent, definition)
