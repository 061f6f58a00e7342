"""The tokens table in memory."""

from dataclasses import replace
from threading import Lock

from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.token import AccessToken
from tokenvend.ports import NOTHING, StoreAwayError, StoreThrottledError, TokenItem


class InMemoryTokenStore:
    """`ports.TokenStore` for many environments of one process.

    `is_away` and `is_throttled` make every call behave as the real table then does.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._items: dict[str, TokenItem] = {}
        self.is_away = False
        self.is_throttled = False
        self.reads = 0
        self.writes = 0

    def read(self, key: str) -> TokenItem:
        with self._lock:
            self._check_reachable()
            self.reads += 1
            if self.is_throttled:
                raise StoreThrottledError("the tokens table asks for patience")
            return self._items.get(key, NOTHING)

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        with self._lock:
            if not self._may_write():
                return None
            item = self._items.get(key, NOTHING)
            if _id_of(item.lease) not in (_id_of(instead_of), lease.lease_id):
                return None
            self._items[key] = replace(item, lease=lease)
            return self._items[key]

    def put_token(self, key: str, token: AccessToken, *, lease: Lease) -> bool:
        with self._lock:
            if not self._may_write():
                return False
            if _id_of(self._items.get(key, NOTHING).lease) != lease.lease_id:
                return False
            self._items[key] = TokenItem(token=token)
            return True

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        with self._lock:
            if not self._may_write():
                return
            item = self._items.get(key, NOTHING)
            if _id_of(item.lease) != lease.lease_id:
                return
            self._items[key] = replace(item, lease=None, failure=failure or item.failure)

    def seed(self, key: str, item: TokenItem) -> None:
        """Put *item* there, as if others had."""
        with self._lock:
            self._items[key] = item

    def _may_write(self) -> bool:
        self._check_reachable()
        self.writes += 1
        return not self.is_throttled

    def _check_reachable(self) -> None:
        if self.is_away:
            raise StoreAwayError("the tokens table does not answer")


def _id_of(lease: Lease | None) -> str | None:
    return None if lease is None else lease.lease_id
