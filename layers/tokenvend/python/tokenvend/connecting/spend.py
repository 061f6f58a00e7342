"""Spend a connection's refresh token: write first, send, keep what comes, only then answer."""

from datetime import datetime, timedelta
from typing import assert_never

from tokenvend.connecting.events import ConnectionEvent, Happened, Tell
from tokenvend.connecting.refresh_order import RefreshOrder, busy, store_away
from tokenvend.connecting.revoke import revoke_quietly
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, Consent, Spending
from tokenvend.domain.errors import (
    PROVIDER_AWAY,
    ConsentRequiredError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.journal import Successor, free_at
from tokenvend.domain.oauth.refresh import (
    Refreshed,
    Spent,
    Verdict,
    build_refresh_request,
    judge_refresh,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
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

_KEEP_AGAIN_SECONDS = 0.2


class Spender:
    """Spends a refresh token whose turn the journal has given to this holder."""

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

    def spend(self, order: RefreshOrder, begun: Connection, entry: Spending) -> AccessToken:
        """Spend what *entry* in the journal of *begun* is about. Raises: see `Refresher`."""
        try:
            refreshed, _ = self._exchange.with_secret(
                order.definition, None, lambda secret: self._ask(order, begun, secret)
            )
        except TokenVendError as error:
            # The provider never looked at the token, or was never asked.
            self.give_back(begun, entry, self._clock.now() + _wait_of(error))
            raise
        match refreshed.verdict:
            case Verdict.SPENT:
                self._keep(order, begun, refreshed.successor)
            case Verdict.ENDED:
                self.lose(begun, entry, "refused")
            case Verdict.UNTOUCHED:
                wait = _wait_of(refreshed.error)
                self.give_back(begun, entry, self._clock.now() + wait)
            case Verdict.UNKNOWN:
                self.give_back(begun, entry, free_at(entry))
            case unreachable:
                assert_never(unreachable)
        if refreshed.token is None:
            raise refreshed.error or busy(1)
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
                "The provider did not answer in time.", rule=PROVIDER_AWAY
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
            raise store_away()
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
                if order.time_left(self._clock) < bounds.ANSWER_NEEDS:
                    return None
            self._pause(self._clock, _KEEP_AGAIN_SECONDS)

    def lose(self, connection: Connection, spending: Spending, why: str) -> None:
        """Give the consent up, and tell of it once."""
        try:
            lost = self._connections.mark_lost(connection, spending)
        except StoreAwayError:
            # Then it is tried again, and refused again.
            return
        if lost:
            self._tell(ConnectionEvent(Happened.LOST, connection.key, why))

    def give_back(self, begun: Connection, entry: Spending, retry_at: datetime) -> None:
        """Let somebody else spend it, from *retry_at* on."""
        try:
            self._connections.give_back(begun, entry, retry_at=retry_at)
        except StoreAwayError:
            # Then the holder counts as dead at the end of its invocation.
            return


def _consent_of(connection: Connection) -> Consent:
    if connection.consent is None:
        raise AssertionError("only a consent has a refresh token")
    return connection.consent


def _wait_of(error: TokenVendError | None) -> timedelta:
    seconds = error.retry_after_seconds if isinstance(error, TemporarilyUnavailableError) else 1
    return timedelta(seconds=seconds)
