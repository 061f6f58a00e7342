"""Refresh a connection's access token (RFC 6749 §6): one request redeems, the others wait.

Before the refresh token is sent, `_begin` writes the journal's entry beside it. `redeemer.py` sends
it, and stores its successor before it answers. `domain/journal.py` says what a crash in between
leaves, and who may try again.
"""

from datetime import timedelta
from typing import assert_never
from uuid import uuid4

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, JournalEntry
from tokenvend.domain.errors import ConsentRequiredError
from tokenvend.domain.journal import CannotRedeem, begin, redeemable_from
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, ConnectionStore, StoreAwayError
from tokenvend.refresh_tokens.redeemer import Redeemer
from tokenvend.refresh_tokens.refresh_request import (
    RefreshRequest,
    connection_busy,
    connections_unavailable,
    refresh_request_of,
)
from tokenvend.vending.exchange import ExchangeRequest
from tokenvend.vending.lease_wait import Pause

_POLL_SECONDS = 0.1


class Refresher:
    """Refreshes access tokens. At most one request at a time redeems a refresh token."""

    def __init__(
        self,
        *,
        connections: ConnectionStore,
        redeemer: Redeemer,
        clock: Clock,
        pause: Pause,
    ) -> None:
        self._connections = connections
        self._redeemer = redeemer
        self._clock = clock
        self._pause = pause

    def run(self, exchange_request: ExchangeRequest) -> AccessToken:
        """The token of *exchange_request*, which is that of a connection: see `refresh`."""
        return self.refresh(refresh_request_of(exchange_request))

    def refresh(self, refresh_request: RefreshRequest) -> AccessToken:
        """Return a new access token, after the next refresh token is stored.

        Raises:
            ConsentRequiredError: there is no consent, or it is lost.
            CredentialNotReadyError: the client's own secret is missing or may not go to this host.
            ProviderRefusedError: the provider refuses for another reason.
            TemporarilyUnavailableError: another request redeems the token, or the provider, the
                table or Secrets Manager does not answer.
        """
        while True:
            connection = self._read(refresh_request)
            entry = begin(
                connection,
                holder_id=uuid4().hex,
                now=self._clock.now(),
                deadline_at=self._clock.now() + refresh_request.time_left(self._clock),
            )
            if isinstance(entry, JournalEntry):
                begun = self._begin(refresh_request, connection, entry)
                if begun is not None:
                    return self._redeemer.redeem(refresh_request, begun, entry)
            else:
                self._check_may_wait(refresh_request, connection, entry)
            self._pause(self._clock, _POLL_SECONDS)

    def _read(self, refresh_request: RefreshRequest) -> Connection:
        try:
            connection = self._connections.read(refresh_request.key)
        except StoreAwayError:
            raise connections_unavailable() from None
        if connection is None or connection.consent is None:
            raise ConsentRequiredError(rule="connection.active")
        if refresh_request.consent_id not in (None, connection.consent.consent_id):
            # The user consented again after this request was decided, so it must be decided again.
            raise connection_busy(1)
        return connection

    def _begin(
        self, refresh_request: RefreshRequest, connection: Connection, entry: JournalEntry
    ) -> Connection | None:
        if refresh_request.time_left(self._clock) < bounds.EXCHANGE_NEEDS:
            raise connection_busy(1)
        try:
            return self._connections.begin_redemption(connection, entry)
        except StoreAwayError:
            # No token was sent. The entry may or may not have been written.
            self._redeemer.release_redemption(connection, entry, self._clock.now())
            raise connections_unavailable() from None

    def _check_may_wait(
        self, refresh_request: RefreshRequest, connection: Connection, why: CannotRedeem
    ) -> None:
        match why:
            case CannotRedeem.BEING_REDEEMED:
                self._check_time_to_wait(refresh_request, connection)
            case CannotRedeem.NO_CONSENT:
                raise ConsentRequiredError(rule="connection.active")
            case CannotRedeem.CONSENT_LOST:
                raise ConsentRequiredError(rule="connection.lost")
            case CannotRedeem.HOLDER_GONE_TWICE:
                if connection.journal_entry is not None:
                    self._redeemer.give_up_consent(
                        connection, connection.journal_entry, "holder_gone_twice"
                    )
                raise ConsentRequiredError(rule="connection.lost")
            case unreachable:
                assert_never(unreachable)

    def _check_time_to_wait(self, refresh_request: RefreshRequest, connection: Connection) -> None:
        """Refuse to wait for a holder that is done only after this request's deadline."""
        journal_entry = connection.journal_entry
        if journal_entry is None:
            return
        free_in = redeemable_from(journal_entry) - self._clock.now()
        time_for_waiting = refresh_request.time_left(self._clock) - bounds.EXCHANGE_NEEDS
        nobody_works = journal_entry.retry_at is not None
        if time_for_waiting <= timedelta(0) or (nobody_works and free_in > time_for_waiting):
            raise connection_busy(int(free_in.total_seconds()) + 1 if nobody_works else 1)
