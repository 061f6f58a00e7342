"""Exchange under a lease: at most one environment at a time asks for one token.

Whoever does not get the lease waits, in `token_acquirer`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, CredentialStates, StoreAwayError, TokenItem, TokenStore
from tokenvend.vending.acquisition import Acquisition, Usability
from tokenvend.vending.circuit_breaker import CircuitBreaker
from tokenvend.vending.exchange import Exchange, ExchangeRequest


@dataclass(frozen=True, slots=True)
class AcquiredToken:
    """A token, its source, and the failed try to replace it, if there was one."""

    token: AccessToken
    source: Source
    failed: TokenVendError | None = None


def stored_token(item: TokenItem, *, failed: TokenVendError | None = None) -> AcquiredToken:
    """The token that the table holds."""
    if item.token is None:
        raise AssertionError("only a held token is answered from the table")
    return AcquiredToken(item.token, Source.STORE, failed)


class LeasedExchange:
    """Takes the lease, exchanges, stores the token.

    *exchange* is by the client alone (`exchange.ClientExchange`). *refresh* is by a user's consent
    (`refresh_tokens.refresher.Refresher`), for the tokens of connections.
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
        """A new token; `None` if another environment has the lease, or there is no time.

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
        # Somebody may have finished between our read and our lease: the item came with it.
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
                # Whoever took over has voided ours by getting its own.
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
