"""The tokens table: the fake's semantics, behind a network and budgets."""

from collections.abc import Callable, Iterator

from tests.fakes.token_store import InMemoryTokenStore

from simulation.load import Kind
from simulation.table import CONSISTENT_READ_UNITS, EVENTUAL_READ_UNITS, WRITE_UNITS, Table
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.renewal import RenewalSlot
from tokenvend.domain.token import AccessToken
from tokenvend.ports import StoreThrottledError, TokenItem


class SimulatedTokenStore:
    """`ports.TokenStore`. `inner` is what the table holds."""

    def __init__(self, inner: InMemoryTokenStore, table: Table) -> None:
        self.inner = inner
        self._table = table

    def read(self, key: str) -> TokenItem:
        """See `ports.TokenStore`."""
        consumes = [(Kind.READ, f"token#{key}", CONSISTENT_READ_UNITS)]
        return self._table.call("read", consumes, lambda: self.inner.read(key))

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        """See `ports.TokenStore`."""
        return self._write(
            "acquire", key, lambda: self.inner.acquire_lease(key, lease, instead_of=instead_of)
        )

    def put_token(self, key: str, token: AccessToken, *, spec: TokenSpec, lease: Lease) -> bool:
        """See `ports.TokenStore`."""
        put = self._write(
            "put", key, lambda: self.inner.put_token(key, token, spec=spec, lease=lease)
        )
        return bool(put)

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        """See `ports.TokenStore`."""
        self._write(
            "release", key, lambda: self.inner.release_lease(key, lease=lease, failure=failure)
        )

    def schedule_renewal(self, key: str, token: AccessToken, slot: RenewalSlot | None) -> None:
        """See `ports.TokenStore`."""
        self._write("schedule", key, lambda: self.inner.schedule_renewal(key, token, slot))

    def due(self, slot: RenewalSlot) -> Iterator[str]:
        """See `ports.TokenStore`."""
        # Each minute is a partition of its own; one name a shard keeps a long run's books short.
        consumes = [(Kind.READ, f"slot#{slot.shard}", EVENTUAL_READ_UNITS)]
        yield from self._table.call("due", consumes, lambda: list(self.inner.due(slot)))

    def reject(self, key: str, token: AccessToken) -> None:
        """See `ports.TokenStore`."""
        consumes = [(Kind.WRITE, f"token#{key}", WRITE_UNITS)]
        self._table.call("reject", consumes, lambda: self.inner.reject(key, token))

    def _write[T](self, what: str, key: str, act: Callable[[], T]) -> T | None:
        try:
            return self._table.call(what, [(Kind.WRITE, f"token#{key}", WRITE_UNITS)], act)
        except StoreThrottledError:
            return None
