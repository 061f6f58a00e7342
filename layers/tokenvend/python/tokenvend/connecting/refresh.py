"""Spend a connection's refresh token: write first, send, keep what comes, only then answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import uuid4

from tokenvend.connecting.events import ConnectionEvent, Happened, Tell
from tokenvend.connecting.revoke import revoke_quietly
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionKey, Consent, Spending
from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    ConsentRequiredError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.journal import CannotSpend, Successor, begin, free_at
from tokenvend.domain.oauth.refresh import (
    Refreshed,
    Spent,
    Verdict,
    build_refresh_request,
    judge_refresh,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.token import AccessToken
from tokenvend.ports import (
    Clock,
    ConnectionStore,
    Kept,
    ProviderAwayError,
    ProviderClient,
    SecretStore,
    StoreAwayError,
)
from tokenvend.vending.exchange import Exchange
from tokenvend.vending.wait import Pause

_POLL_SECONDS = 0.1
_KEEP_AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshOrder:
    """Whose refresh token to spend, for what, and by when.

    `asked` is `None` for a token with all that was consented to. `consent_id` names the consent
    that was decided on; `None`: whichever there is. `dies` is the end of this invocation, in the
    clock's monotonic seconds.
    """

    key: ConnectionKey
    definition: CredentialDefinition
    asked: Scopes | None
    dies: float
    consent_id: str | None = None
    epoch: str = ""


class Refresher:
    """One refresh token at a time, whatever scopes are wanted and whoever wants them."""

    def __init__(
        self,
        *,
        connections: ConnectionStore,
        exchange: Exchange,
        provider: ProviderClient,
        secrets: SecretStore,
        clock: Clock,
        pause: Pause,
        tell: Tell,
    ) -> None:
        self._connections = connections
        self._exchange = exchange
        self._provider = provider
        self._secrets = secrets
        self._clock = clock
        self._pause = pause
        self._tell = tell

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
                dies_at=self._clock.now() + self._time_left(order),
            )
            if isinstance(entry, Spending):
                begun = self._begin(order, connection, entry)
                if begun is not None:
                    return self._spend(order, begun, entry)
            else:
                self._check_may_wait(order, connection, entry)
            self._pause(self._clock, _POLL_SECONDS)

    def _read(self, order: RefreshOrder) -> Connection:
        try:
            connection = self._connections.read(order.key)
        except StoreAwayError:
            raise _store_away() from None
        if connection is None or connection.consent is None:
            raise ConsentRequiredError(rule="connection.active")
        if order.consent_id not in (None, connection.consent.consent_id):
            # The user has consented anew since it was decided: what is wanted is another token.
            raise _busy(1)
        return connection

    def _begin(
        self, order: RefreshOrder, connection: Connection, entry: Spending
    ) -> Connection | None:
        if self._time_left(order) < bounds.EXCHANGE_NEEDS:
            raise _busy(1)
        try:
            return self._connections.begin_spending(connection, entry)
        except StoreAwayError:
            # Nothing was sent, and perhaps nothing was written.
            self._give_back(connection, entry, self._clock.now())
            raise _store_away() from None

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
                    self._lose(connection, connection.spending, "died_twice")
                raise ConsentRequiredError(rule="connection.lost")
            case unreachable:
                assert_never(unreachable)

    def _check_time_to_wait(self, order: RefreshOrder, connection: Connection) -> None:
        """Wait for a holder that works, but not until an instant that this request never sees."""
        spending = connection.spending
        if spending is None:
            return
        free_in = free_at(spending) - self._clock.now()
        time_for_waiting = self._time_left(order) - bounds.EXCHANGE_NEEDS
        nobody_works = spending.retry_at is not None
        if time_for_waiting <= timedelta(0) or (nobody_works and free_in > time_for_waiting):
            raise _busy(int(free_in.total_seconds()) + 1 if nobody_works else 1)

    def _spend(self, order: RefreshOrder, begun: Connection, entry: Spending) -> AccessToken:
        try:
            refreshed, _ = self._exchange.with_secret(
                order.definition, None, lambda secret: self._ask(order, begun, secret)
            )
        except TokenVendError as error:
            # The provider never looked at the token, or was never asked.
            self._give_back(begun, entry, self._clock.now() + _wait_of(error))
            raise
        match refreshed.verdict:
            case Verdict.SPENT:
                self._keep(order, begun, refreshed.successor)
            case Verdict.ENDED:
                self._lose(begun, entry, "refused")
            case Verdict.UNTOUCHED:
                wait = _wait_of(refreshed.error)
                self._give_back(begun, entry, self._clock.now() + wait)
            case Verdict.UNKNOWN:
                self._give_back(begun, entry, free_at(entry))
            case unreachable:
                assert_never(unreachable)
        if refreshed.token is None:
            raise refreshed.error or _busy(1)
        return refreshed.token

    def _ask(self, order: RefreshOrder, begun: Connection, secret: ProviderSecret) -> Refreshed:
        consent = _consent_of(begun)
        spent = Spent(
            definition=order.definition,
            consent=consent,
            asked=order.asked,
            requested_at=self._clock.now(),
            epoch=order.epoch,
        )
        request = build_refresh_request(order.definition, consent, secret, asked=order.asked)
        try:
            response = self._provider.send(request)
        except ProviderAwayError:
            away = TemporarilyUnavailableError(
                "The provider did not answer in time.", rule="provider.away"
            )
            return Refreshed(verdict=Verdict.UNKNOWN, error=away)
        refreshed = judge_refresh(response, spent)
        if refreshed.verdict is Verdict.UNTOUCHED and isinstance(
            refreshed.error, ProviderRefusedError
        ):
            raise refreshed.error
        return refreshed

    def _keep(self, order: RefreshOrder, begun: Connection, successor: Successor | None) -> None:
        if successor is None:
            raise AssertionError("a token that was spent has a successor")
        kept = self._kept(order, begun, successor)
        if kept is None:
            self._tell(ConnectionEvent(Happened.NOT_KEPT, begun.key, "store.away"))
            raise _store_away()
        if kept is Kept.GONE:
            # Somebody disconnected meanwhile: what came must not live on.
            revoke_quietly(
                order.definition,
                successor.refresh_token or _consent_of(begun).refresh_token,
                secrets=self._secrets,
                provider=self._provider,
                hint="refresh_token",
            )
            raise ConsentRequiredError(rule="connection.active")

    def _kept(self, order: RefreshOrder, begun: Connection, successor: Successor) -> Kept | None:
        """What became of *successor*; it is tried until this invocation ends."""
        while True:
            try:
                return self._connections.finish_spending(begun, successor)
            except StoreAwayError:
                if self._time_left(order) < bounds.ANSWER_NEEDS:
                    return None
            self._pause(self._clock, _KEEP_AGAIN_SECONDS)

    def _lose(self, connection: Connection, spending: Spending, why: str) -> None:
        try:
            lost = self._connections.mark_lost(connection, spending)
        except StoreAwayError:
            # Then it is tried again, and refused again.
            return
        if lost:
            self._tell(ConnectionEvent(Happened.LOST, connection.key, why))

    def _give_back(self, begun: Connection, entry: Spending, retry_at: datetime) -> None:
        try:
            self._connections.give_back(begun, entry, retry_at=retry_at)
        except StoreAwayError:
            # Then the holder counts as dead at the end of its invocation.
            return

    def _time_left(self, order: RefreshOrder) -> timedelta:
        return timedelta(seconds=order.dies - self._clock.monotonic())


def _consent_of(connection: Connection) -> Consent:
    if connection.consent is None:
        raise AssertionError("only a consent has a refresh token")
    return connection.consent


def _wait_of(error: TokenVendError | None) -> timedelta:
    seconds = error.retry_after_seconds if isinstance(error, TemporarilyUnavailableError) else 1
    return timedelta(seconds=seconds)


def _busy(retry_after_seconds: int) -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(
        "Another request is refreshing this connection; ask again.",
        rule=CONNECTION_BUSY,
        retry_after_seconds=retry_after_seconds,
    )


def _store_away() -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(
        "The connections table does not answer; ask again.", rule="store.away"
    )
