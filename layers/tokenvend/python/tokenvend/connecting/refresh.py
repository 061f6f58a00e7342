"""Whose turn it is to spend a connection's refresh token; the others wait for what comes of it."""

from datetime import timedelta
from typing import assert_never
from uuid import uuid4

from tokenvend.connecting.refresh_order import RefreshOrder, busy, store_away
from tokenvend.connecting.spend import Spender
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, Spending
from tokenvend.domain.errors import ConsentRequiredError
from tokenvend.domain.journal import CannotSpend, begin, free_at
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, ConnectionStore, StoreAwayError
from tokenvend.vending.wait import Pause

_POLL_SECONDS = 0.1


class Refresher:
    """One refresh token at a time, whatever scopes are wanted and whoever wants them."""

    def __init__(
        self,
        *,
        connections: ConnectionStore,
        spender: Spender,
        clock: Clock,
        pause: Pause,
    ) -> None:
        self._connections = connections
        self._spender = spender
        self._clock = clock
        self._pause = pause

    def refresh(self, order: RefreshOrder) -> AccessToken:
        """A new access token; the refresh token's successor is kept before this returns.

        Raises:
            ConsentRequiredError: there is no consent, or it is lost.
            CredentialNotReadyError: the client's own secret is missing or may not go there.
            ProviderRefusedError: the provider refuses for another reason.
            TemporarilyUnavailableError: somebody else spends the token, or the provider, the
                table or Secrets Manager is away.
        """
        while True:
            connection = self._read(order)
            entry = begin(
                connection,
                holder_id=uuid4().hex,
                now=self._clock.now(),
                dies_at=self._clock.now() + order.time_left(self._clock),
            )
            if isinstance(entry, Spending):
                begun = self._begin(order, connection, entry)
                if begun is not None:
                    return self._spender.spend(order, begun, entry)
            else:
                self._check_may_wait(order, connection, entry)
            self._pause(self._clock, _POLL_SECONDS)

    def _read(self, order: RefreshOrder) -> Connection:
        try:
            connection = self._connections.read(order.key)
        except StoreAwayError:
            raise store_away() from None
        if connection is None or connection.consent is None:
            raise ConsentRequiredError(rule="connection.active")
        if order.consent_id not in (None, connection.consent.consent_id):
            # The user has consented anew since it was decided: what is wanted is another token.
            raise busy(1)
        return connection

    def _begin(
        self, order: RefreshOrder, connection: Connection, entry: Spending
    ) -> Connection | None:
        if order.time_left(self._clock) < bounds.EXCHANGE_NEEDS:
            raise busy(1)
        try:
            return self._connections.begin_spending(connection, entry)
        except StoreAwayError:
            # Nothing was sent, and perhaps nothing was written.
            self._spender.give_back(connection, entry, self._clock.now())
            raise store_away() from None

    def _check_may_wait(
        self, order: RefreshOrder, connection: Connection, why: CannotSpend
    ) -> None:
        match why:
            case CannotSpend.BEING_SPENT:
                self._check_time_to_wait(order, connection)
            case CannotSpend.NO_CONSENT:
                raise ConsentRequiredError(rule="connection.active")
            case CannotSpend.CONSENT_LOST:
                raise ConsentRequiredError(rule="connection.lost")
            case CannotSpend.DEAD_TWICE:
                if connection.spending is not None:
                    self._spender.lose(connection, connection.spending, "died_twice")
                raise ConsentRequiredError(rule="connection.lost")
            case unreachable:
                assert_never(unreachable)

    def _check_time_to_wait(self, order: RefreshOrder, connection: Connection) -> None:
        """Wait for a holder that works, but not until an instant that this request never sees."""
        spending = connection.spending
        if spending is None:
            return
        free_in = free_at(spending) - self._clock.now()
        time_for_waiting = order.time_left(self._clock) - bounds.EXCHANGE_NEEDS
        nobody_works = spending.retry_at is not None
        if time_for_waiting <= timedelta(0) or (nobody_works and free_in > time_for_waiting):
            raise busy(int(free_in.total_seconds()) + 1 if nobody_works else 1)
