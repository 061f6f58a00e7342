"""One try to put a new token in place of the held one, under a lease."""

from dataclasses import dataclass, replace

from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, CredentialStates, StoreAwayError, TokenItem, TokenStore
from tokenvend.vending.exchange import TokenMaker
from tokenvend.vending.order import Order, Standing
from tokenvend.vending.probe import Probe


@dataclass(frozen=True, slots=True)
class Obtained:
    """A token, where it came from, and the failed attempt to replace it, if there was one."""

    token: AccessToken
    source: Source
    failed: TokenVendError | None = None


def held(item: TokenItem, *, failed: TokenVendError | None = None) -> Obtained:
    """The token that the table holds."""
    if item.token is None:
        raise AssertionError("only a held token is answered from the table")
    return Obtained(item.token, Source.STORE, failed)


class Replacer:
    """Lease, exchange, put."""

    def __init__(
        self,
        *,
        tokens: TokenStore,
        states: CredentialStates,
        exchange: TokenMaker,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._states = states
        self._exchange = exchange
        self._clock = clock

    def try_once(self, order: Order, item: TokenItem) -> Obtained | None:
        """A new token; `None` if somebody else is at it or there is no time.

        Raises:
            TokenVendError: the exchange failed; the others know of it.
            StoreAwayError: the table does not answer.
        """
        if not order.has_time_to_exchange(self._clock):
            return None
        now = self._clock.now()
        lease = new_lease(
            now=now, dies_at=now + order.time_left(self._clock), expected=self._exchange.expected
        )
        current = self._tokens.acquire_lease(order.key, lease, instead_of=item.lease)
        if current is None:
            return None
        # Somebody may have finished between our read and our lease: the item came with it.
        if order.standing(current, self._clock.now()) is Standing.GOOD:
            self._release_quietly(order.key, lease, None)
            return held(current)
        return self._exchange_under(lease, order, current)

    def _exchange_under(self, lease: Lease, order: Order, current: TokenItem) -> Obtained:
        probe = Probe(self._states, order, self._clock)
        try:
            probe.claim()
            token = self._exchange.run(order.wanted)
        except TokenVendError as error:
            self._release_quietly(order.key, lease, probe.failed(error, current.failure))
            raise
        repeated = current.token is not None and token.access_token == current.token.access_token
        token = replace(token, forced=current.is_rejected, repeated=repeated)
        kept = self._keep(order, lease, token)
        probe.succeeded(token)
        return Obtained(kept, Source.PROVIDER)

    def _keep(self, order: Order, lease: Lease, token: AccessToken) -> AccessToken:
        """Store *token*; it is answered whether or not that worked, for it is valid."""
        try:
            if self._tokens.put_token(order.key, token, spec=order.spec, lease=lease):
                return token
            if order.definition.single_active_token:
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
