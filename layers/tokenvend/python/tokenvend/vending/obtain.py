"""Find a token or make one: at most one exchange at a time for each key."""

from datetime import datetime
from typing import assert_never

from tokenvend.domain import bounds
from tokenvend.domain.errors import TemporarilyUnavailableError, TokenVendError
from tokenvend.ports import Clock, StoreAwayError, TokenItem, TokenStore
from tokenvend.vending.order import Order, Standing
from tokenvend.vending.replacing import Obtained, Replacer, held
from tokenvend.vending.wait import LeaseWatch, Pause, when_served


class Obtainer:
    """Answers an order from the table, or by one lease-guarded exchange."""

    def __init__(
        self, *, tokens: TokenStore, replacer: Replacer, clock: Clock, pause: Pause
    ) -> None:
        self._tokens = tokens
        self._replacer = replacer
        self._clock = clock
        self._pause = pause

    def obtain(self, order: Order, item: TokenItem) -> Obtained:
        """The token that *order* wants; *item* is what the table held a moment ago.

        Raises:
            ProviderRefusedError, CredentialNotReadyError: there is no token to be had.
            TemporarilyUnavailableError: not now; no valid token is left.
        """
        now = self._clock.now()
        match order.standing(item, now):
            case Standing.GOOD:
                return held(item)
            case Standing.REPLACEABLE:
                return self._replace_or_keep(order, item, now)
            case Standing.UNFIT:
                return self._replace(order, item)
            case unreachable:
                assert_never(unreachable)

    def _replace_or_keep(self, order: Order, item: TokenItem, now: datetime) -> Obtained:
        # A holder whose recorded death is past is at nothing any more; a live one is left alone.
        is_free = LeaseWatch(self._clock).is_free(item.lease)
        if order.backing_off(item, now) or not is_free:
            return held(item)
        error: TokenVendError | None = None
        try:
            obtained = self._replacer.try_once(order, item)
        except TokenVendError as failed:
            error = failed
        except StoreAwayError:
            error = _store_away()
        else:
            if obtained is not None:
                return obtained
        # The try took its time, and the token may have run out meanwhile.
        if order.standing(item, self._clock.now()) is not Standing.UNFIT:
            return held(item, failed=error)
        if error is not None:
            raise error
        return self._replace(order, item)

    def _replace(self, order: Order, item: TokenItem) -> Obtained:
        error: TokenVendError
        try:
            return self._replace_or_wait(order, item)
        except StoreAwayError:
            error = _store_away()
        except TokenVendError as failed:
            error = failed
        # A token that is shorter than this request wants, or that an API refused once, beats no
        # token: nobody can take one away from all others by a report or a wish.
        if item.token is not None and not item.token.is_expired(self._clock.now()):
            return held(item, failed=error)
        raise error

    def _replace_or_wait(self, order: Order, item: TokenItem) -> Obtained:
        watch = LeaseWatch(self._clock)
        while True:
            now = self._clock.now()
            if order.standing(item, now) is not Standing.UNFIT:
                return held(item)
            failure = order.backing_off(item, now)
            if failure is not None:
                raise failure.to_error(now)
            if watch.is_free(item.lease):
                if not order.has_time_to_exchange(self._clock):
                    raise _too_busy()
                obtained = self._replacer.try_once(order, item)
                if obtained is not None:
                    return obtained
            if watch.is_over() or order.time_left(self._clock) < bounds.ANSWER_NEEDS:
                raise _too_busy()
            self._pause(self._clock, watch.next_delay(item.lease))
            item = self._read(order, until=watch.ends_at)

    def _read(self, order: Order, *, until: float) -> TokenItem:
        last = order.dies - bounds.ANSWER_NEEDS.total_seconds()
        return when_served(
            lambda: self._tokens.read(order.key), self._clock, until=min(until, last)
        )


def _too_busy() -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(
        "Another request is fetching this token and is not done yet; ask again.",
        rule="lease.wait",
    )


def _store_away() -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(
        "The token store does not answer; ask again.", rule="store.away"
    )
