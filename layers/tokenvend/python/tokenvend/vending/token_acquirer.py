"""Acquire a token: from the table, or by an exchange (single flight for each cache key).

When two environments miss at once, one exchanges (`leased_exchange`) and the other waits here.
"""

from datetime import datetime
from typing import assert_never

from tokenvend.domain import bounds
from tokenvend.domain.errors import (
    TemporarilyUnavailableError,
    TokenVendError,
    store_unavailable,
)
from tokenvend.ports import Clock, StoreAwayError, TokenItem, TokenStore
from tokenvend.vending.acquisition import Acquisition, Usability
from tokenvend.vending.lease_wait import LeaseWatch, Pause, retry_while_throttled
from tokenvend.vending.leased_exchange import AcquiredToken, LeasedExchange, stored_token


class TokenAcquirer:
    """Answers the stored token, replaces it, or waits for the environment that does."""

    def __init__(
        self, *, tokens: TokenStore, leased_exchange: LeasedExchange, clock: Clock, pause: Pause
    ) -> None:
        self._tokens = tokens
        self._leased_exchange = leased_exchange
        self._clock = clock
        self._pause = pause

    def acquire(self, acquisition: Acquisition, item: TokenItem) -> AcquiredToken:
        """The token for *acquisition*; *item* is what the table held a moment ago.

        Raises:
            ProviderRefusedError, CredentialNotReadyError: there is no token.
            TemporarilyUnavailableError: there is none now; no valid token is left.
        """
        now = self._clock.now()
        match acquisition.usability(item, now):
            case Usability.USABLE:
                return stored_token(item)
            case Usability.REPLACEABLE:
                return self._refresh_or_keep(acquisition, item, now)
            case Usability.UNUSABLE:
                return self._acquire_new(acquisition, item)
            case unreachable:
                assert_never(unreachable)

    def _refresh_or_keep(
        self, acquisition: Acquisition, item: TokenItem, now: datetime
    ) -> AcquiredToken:
        # A holder whose recorded death is past is at nothing any more; a live one is left alone.
        is_free = LeaseWatch(self._clock).is_free(item.lease)
        if acquisition.current_backoff(item, now) or not is_free:
            return stored_token(item)
        error: TokenVendError | None = None
        try:
            acquired = self._leased_exchange.exchange_under_lease(acquisition, item)
        except TokenVendError as failed:
            error = failed
        except StoreAwayError:
            error = store_unavailable("The token store does not answer")
        else:
            if acquired is not None:
                return acquired
        # The try took its time, and the token may have run out meanwhile.
        if acquisition.usability(item, self._clock.now()) is not Usability.UNUSABLE:
            return stored_token(item, failed=error)
        if error is not None:
            raise error
        return self._acquire_new(acquisition, item)

    def _acquire_new(self, acquisition: Acquisition, item: TokenItem) -> AcquiredToken:
        error: TokenVendError
        try:
            return self._exchange_or_wait(acquisition, item)
        except StoreAwayError:
            error = store_unavailable("The token store does not answer")
        except TokenVendError as failed:
            error = failed
        # A token that is shorter than this request wants, or that an API refused once, beats no
        # token: nobody can take one away from all others by a report or a wish.
        if item.token is not None and not item.token.is_expired(self._clock.now()):
            return stored_token(item, failed=error)
        raise error

    def _exchange_or_wait(self, acquisition: Acquisition, item: TokenItem) -> AcquiredToken:
        watch = LeaseWatch(self._clock)
        while True:
            now = self._clock.now()
            if acquisition.usability(item, now) is not Usability.UNUSABLE:
                return stored_token(item)
            failure = acquisition.current_backoff(item, now)
            if failure is not None:
                raise failure.to_error(now)
            if watch.is_free(item.lease):
                if not acquisition.has_time_to_exchange(self._clock):
                    raise _lease_is_held()
                acquired = self._leased_exchange.exchange_under_lease(acquisition, item)
                if acquired is not None:
                    return acquired
            if watch.is_timed_out() or acquisition.time_left(self._clock) < bounds.ANSWER_NEEDS:
                raise _lease_is_held()
            self._pause(self._clock, watch.next_delay(item.lease))
            item = self._read(acquisition, until=watch.ends_at)

    def _read(self, acquisition: Acquisition, *, until: float) -> TokenItem:
        last = acquisition.deadline - bounds.ANSWER_NEEDS.total_seconds()
        return retry_while_throttled(
            lambda: self._tokens.read(acquisition.key), self._clock, until=min(until, last)
        )


def _lease_is_held() -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(
        "Another request is fetching this token and is not done yet; ask again.",
        rule="lease.wait",
    )
