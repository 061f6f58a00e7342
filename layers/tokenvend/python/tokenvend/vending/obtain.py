"""Find a token or make one: at most one exchange at a time for each key."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import assert_never

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import TemporarilyUnavailableError, TokenVendError
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.domain.token import AccessToken, Freshness
from tokenvend.ports import Clock, StoreAwayError, TokenItem, TokenStore
from tokenvend.vending.exchange import Exchange
from tokenvend.vending.wait import LeaseWatch, Pause


class Standing(Enum):
    """What a held token is good for in one request."""

    GOOD = auto()
    REPLACEABLE = auto()
    UNFIT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One granted request: the token wanted, and how long there is to get it.

    `dies_at` is the end of this invocation; `epoch` the state of the secret as just read.
    """

    decision: Decision
    epoch: str
    min_ttl: timedelta
    dies_at: datetime

    @property
    def key(self) -> str:
        """The token's key."""
        return self.decision.key

    def standing(self, token: AccessToken | None, now: datetime) -> Standing:
        """What *token* is good for.

        A token made before the secret changed is still valid: one request replaces it, the
        others answer it. `min_ttl` makes a token unfit for this request only.
        """
        if token is None or token.is_expired(now) or token.expires_at - now < self.min_ttl:
            return Standing.UNFIT
        if token.epoch != self.epoch:
            return Standing.REPLACEABLE
        match token.freshness(now, key=self.key):
            case Freshness.FRESH | Freshness.STALE:
                return Standing.GOOD
            case Freshness.OVERDUE:
                return Standing.REPLACEABLE
            case Freshness.EXPIRED:
                return Standing.UNFIT
            case unreachable:
                assert_never(unreachable)

    def has_time_to_exchange(self, now: datetime) -> bool:
        """Whether an exchange that starts now would end within this invocation."""
        return self.dies_at - now >= bounds.EXCHANGE_NEEDS


@dataclass(frozen=True, slots=True)
class Obtained:
    """A token, where it came from, and the failed attempt to replace it, if there was one."""

    token: AccessToken
    source: Source
    failed: TokenVendError | None = None


class Obtainer:
    """Answers an order from the table, or by one lease-guarded exchange."""

    def __init__(
        self, *, tokens: TokenStore, exchange: Exchange, clock: Clock, pause: Pause
    ) -> None:
        self._tokens = tokens
        self._exchange = exchange
        self._clock = clock
        self._pause = pause

    def obtain(self, order: Order, item: TokenItem) -> Obtained:
        """The token that *order* wants; *item* is what the table held a moment ago.

        Raises:
            ProviderRefusedError, CredentialNotReadyError: there is no token to be had.
            TemporarilyUnavailableError: not now; no valid token is left.
        """
        now = self._clock.now()
        match order.standing(item.token, now):
            case Standing.GOOD:
                return _held(item)
            case Standing.REPLACEABLE:
                return self._replace_or_keep(order, item, now)
            case Standing.UNFIT:
                return self._replace(order, item)
            case unreachable:
                assert_never(unreachable)

    def _replace_or_keep(self, order: Order, item: TokenItem, now: datetime) -> Obtained:
        if _backs_off(item.failure, now) or item.lease is not None:
            return _held(item)
        try:
            obtained = self._try_once(order, item)
        except TokenVendError as error:
            return _held(item, failed=error)
        except StoreAwayError:
            return _held(item)
        return obtained or _held(item)

    def _replace(self, order: Order, item: TokenItem) -> Obtained:
        error: TokenVendError
        try:
            return self._replace_or_wait(order, item)
        except StoreAwayError:
            error = _store_away()
        except TokenVendError as failed:
            error = failed
        # A token that is merely shorter than this request wants beats no token.
        if item.token is not None and not item.token.is_expired(self._clock.now()):
            return _held(item, failed=error)
        raise error

    def _replace_or_wait(self, order: Order, item: TokenItem) -> Obtained:
        watch = LeaseWatch(self._clock)
        while True:
            now = self._clock.now()
            if order.standing(item.token, now) is not Standing.UNFIT:
                return _held(item)
            if item.failure is not None and _backs_off(item.failure, now):
                raise item.failure.to_error(now)
            if not order.has_time_to_exchange(now):
                raise _too_busy()
            if watch.is_free(item.lease):
                obtained = self._try_once(order, item)
                if obtained is not None:
                    return obtained
            if watch.is_over():
                raise _too_busy()
            self._pause(self._clock, watch.next_delay(item.lease))
            item = self._tokens.read(order.key)

    def _try_once(self, order: Order, item: TokenItem) -> Obtained | None:
        """Exchange under a lease; `None` if somebody else holds it or there is no time."""
        now = self._clock.now()
        if not order.has_time_to_exchange(now):
            return None
        lease = new_lease(now=now, dies_at=order.dies_at, expected=self._exchange.expected)
        current = self._tokens.acquire_lease(order.key, lease, instead_of=item.lease)
        if current is None:
            return None
        return self._finish(order, lease, current)

    def _finish(self, order: Order, lease: Lease, current: TokenItem) -> Obtained:
        # Somebody may have finished between our read and our lease: the item came with it.
        if order.standing(current.token, self._clock.now()) is Standing.GOOD:
            self._release_quietly(order.key, lease, None)
            return _held(current)
        try:
            token = self._exchange.run(order.decision, epoch=order.epoch)
        except TokenVendError as error:
            failure = self._exchange.failure_to_record(current.failure, error, key=order.key)
            self._release_quietly(order.key, lease, failure)
            raise
        return Obtained(self._keep(order, lease, token), Source.PROVIDER)

    def _keep(self, order: Order, lease: Lease, token: AccessToken) -> AccessToken:
        """Store *token*; it is answered whether or not that worked, for it is valid."""
        try:
            if self._tokens.put_token(order.key, token, lease=lease):
                return token
            if order.decision.definition.single_active_token:
                # Whoever took over has voided ours by getting its own.
                return self._tokens.read(order.key).token or token
        except StoreAwayError:
            pass
        return token

    def _release_quietly(self, key: str, lease: Lease, failure: Failure | None) -> None:
        try:
            self._tokens.release_lease(key, lease=lease, failure=failure)
        except StoreAwayError:
            # The lease dies with this invocation at the latest.
            return


def _held(item: TokenItem, *, failed: TokenVendError | None = None) -> Obtained:
    if item.token is None:
        raise AssertionError("only a held token is answered from the table")
    return Obtained(item.token, Source.STORE, failed)


def _backs_off(failure: Failure | None, now: datetime) -> bool:
    return failure is not None and now < failure.retry_at


def _too_busy() -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(
        "Another request is fetching this token and is not done yet; ask again.",
        rule="lease.wait",
    )


def _store_away() -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(
        "The token store does not answer; ask again.", rule="store.away"
    )
