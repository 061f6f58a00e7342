"""Acquire a token: from the table, or by an exchange (single flight for each cache key).

When two environments miss at once, one takes the lease and exchanges, and the other waits.
A new token comes by the client alone, from `vending/exchange.py`, or for a connection by its
refresh token, from `refresh_tokens/refresher.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    TemporarilyUnavailableError,
    TokenVendError,
    store_unavailable,
)
from tokenvend.domain.failure import Failure
from tokenvend.domain.freshness import Usability
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, CredentialStates, StoreAwayError, TokenItem, TokenStore
from tokenvend.vending.acquisition import Acquisition
from tokenvend.vending.circuit_breaker import CircuitBreaker
from tokenvend.vending.exchange import Exchange, ExchangeRequest
from tokenvend.vending.lease_wait import LeaseWatch, Pause, retry_while_throttled


@dataclass(frozen=True, slots=True)
class AcquiredToken:
    """A token, its source, and the error of a failed try to replace it."""

    token: AccessToken
    source: Source
    failed: TokenVendError | None = None


def stored_token(item: TokenItem, *, failed: TokenVendError | None = None) -> AcquiredToken:
    """Return the token of *item* as it is answered from the table."""
    if item.token is None:
        raise AssertionError("only a held token is answered from the table")
    return AcquiredToken(item.token, Source.STORE, failed)


class LeasedExchange:
    """Takes the lease, exchanges for a token, and stores it.

    *exchange* is by the client alone, *refresh* by the refresh token of a connection.
    """

    def __init__(
        self,
        *,
        tokens: TokenStore,
        states: CredentialStates,
        exchange: Exchange,
        refresh: Callable[[ExchangeRequest], AccessToken],
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._states = states
        self._exchange = exchange
        self._refresh = refresh
        self._clock = clock

    def exchange_under_lease(
        self, acquisition: Acquisition, item: TokenItem
    ) -> AcquiredToken | None:
        """Return a new token; `None` if another environment has the lease, or time is short.

        Raises:
            TokenVendError: the exchange failed; the failure is stored for other requests.
            StoreAwayError: the table does not answer.
        """
        if not acquisition.has_time_to_exchange(self._clock):
            return None
        now = self._clock.now()
        lease = new_lease(
            now=now,
            deadline_at=now + acquisition.time_left(self._clock),
            expected_duration=self._exchange.expected_duration,
        )
        current = self._tokens.acquire_lease(acquisition.key, lease, instead_of=item.lease)
        if current is None:
            return None
        # Another request may have stored a token between our read and our lease.
        if acquisition.usability(current, self._clock.now()) is Usability.USABLE:
            self._release_best_effort(acquisition.key, lease, None)
            return stored_token(current)
        return self._exchange_and_store(lease, acquisition, current)

    def _exchange_and_store(
        self, lease: Lease, acquisition: Acquisition, current: TokenItem
    ) -> AcquiredToken:
        breaker = CircuitBreaker(self._states, acquisition, self._clock)
        try:
            breaker.admit()
            token = self._run(acquisition.exchange_request)
        except TokenVendError as error:
            self._release_best_effort(
                acquisition.key, lease, breaker.record_failure(error, current.failure)
            )
            raise
        repeated = current.token is not None and token.access_token == current.token.access_token
        token = replace(token, forced=current.is_rejected, repeated=repeated)
        stored = self._store(acquisition, lease, token)
        breaker.record_success(token)
        return AcquiredToken(stored, Source.PROVIDER)

    def _run(self, exchange_request: ExchangeRequest) -> AccessToken:
        if exchange_request.spec.connection is None:
            return self._exchange.run(exchange_request)
        return self._refresh(exchange_request)

    def _store(self, acquisition: Acquisition, lease: Lease, token: AccessToken) -> AccessToken:
        """Store *token*. It is answered even if that fails, for it is valid."""
        try:
            if self._tokens.put_token(acquisition.key, token, spec=acquisition.spec, lease=lease):
                return token
            if acquisition.definition.single_active_token:
                # The holder that took over the lease got a token, which voided ours.
                return self._tokens.read(acquisition.key).token or token
        except StoreAwayError:
            pass
        return token

    def _release_best_effort(self, key: str, lease: Lease, failure: Failure | None) -> None:
        try:
            self._tokens.release_lease(key, lease=lease, failure=failure)
        except StoreAwayError:
            # The lease ends with this invocation at the latest.
            return


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
        """Return the token for *acquisition*; *item* is what was just read from the table.

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
        # The lease of a holder whose invocation has ended is free; a running one is left alone.
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
        # The failed try took time, so the stored token may have expired meanwhile.
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
        # The stored token may be shorter than requested, or an API may have refused it. It is
        # answered nevertheless: no caller's report or `min_ttl_seconds` takes it from the others.
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
