"""The tokens table in memory."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Lock

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.renewal import RenewalSlot
from tokenvend.domain.token import AccessToken
from tokenvend.ports import EMPTY_ITEM, KeyAwayError, StoreAwayError, StoreThrottledError, TokenItem


class InMemoryTokenStore:
    """`ports.TokenStore` for many environments of one process.

    `is_away` and `is_throttled` make every call behave as the real table then does,
    `refuses_writes` each write; with `cannot_seal` the key is away that a put needs.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._items: dict[str, TokenItem] = {}
        self._slots: dict[str, RenewalSlot] = {}
        self._in_slot: dict[RenewalSlot, dict[str, None]] = {}
        self.is_away = False
        self.is_throttled = False
        self.refuses_writes = False
        self.cannot_seal = False
        self.reads = 0
        self.writes = 0

    def read(self, key: str) -> TokenItem:
        with self._lock:
            self._check_reachable()
            self.reads += 1
            if self.is_throttled:
                raise StoreThrottledError("the tokens table asks for patience")
            return self._items.get(key, EMPTY_ITEM)

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        with self._lock:
            if not self._may_write():
                return None
            item = self._items.get(key, EMPTY_ITEM)
            if _id_of(item.lease) not in (_id_of(instead_of), lease.lease_id):
                return None
            self._items[key] = replace(item, lease=lease)
            return self._items[key]

    def put_token(self, key: str, token: AccessToken, *, spec: TokenSpec, lease: Lease) -> bool:
        with self._lock:
            if self.cannot_seal:
                raise KeyAwayError("the key does not answer")
            if not self._may_write():
                return False
            if _id_of(self._items.get(key, EMPTY_ITEM).lease) != lease.lease_id:
                return False
            self._items[key] = TokenItem(token=token, spec=spec)
            self._move(key, None)
            return True

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        with self._lock:
            if not self._may_write():
                return
            item = self._items.get(key, EMPTY_ITEM)
            if _id_of(item.lease) != lease.lease_id:
                return
            self._items[key] = replace(item, lease=None, failure=failure or item.failure)

    def schedule_renewal(self, key: str, token: AccessToken, slot: RenewalSlot | None) -> None:
        with self._lock:
            if not self._may_write() or not self._holds(key, token):
                return
            self._items[key] = replace(self._items[key], is_in_use=slot is not None)
            self._move(key, slot)

    def due(self, slot: RenewalSlot) -> Iterator[str]:
        with self._lock:
            self._check_reachable()
            found = list(self._in_slot.get(slot, ()))
        yield from found

    def reject(self, key: str, token: AccessToken) -> None:
        with self._lock:
            if not self._may_write():
                raise StoreThrottledError("the tokens table asks for patience")
            if self._holds(key, token):
                self._items[key] = replace(self._items[key], is_rejected=True)

    def _move(self, key: str, slot: RenewalSlot | None) -> None:
        before = self._slots.pop(key, None)
        if before is not None:
            self._in_slot[before].pop(key)
            if not self._in_slot[before]:
                del self._in_slot[before]
        if slot is not None:
            self._slots[key] = slot
            self._in_slot.setdefault(slot, {})[key] = None

    def _holds(self, key: str, token: AccessToken) -> bool:
        held = self._items.get(key, EMPTY_ITEM).token
        return held is not None and held.expires_at == token.expires_at

    def seed(self, key: str, item: TokenItem) -> None:
        """Put *item* there, as if others had."""
        with self._lock:
            self._items[key] = item

    def slots(self) -> list[RenewalSlot]:
        """The slots in which something is to be renewed."""
        with self._lock:
            return list(self._in_slot)

    def everything(self) -> dict[str, TokenItem]:
        """What the table holds now, by key."""
        with self._lock:
            return dict(self._items)

    def _may_write(self) -> bool:
        self._check_reachable()
        if self.refuses_writes:
            raise StoreAwayError("the tokens table does not answer")
        self.writes += 1
        return not self.is_throttled

    def _check_reachable(self) -> None:
        if self.is_away:
            raise StoreAwayError("the tokens table does not answer")


def _id_of(lease: Lease | None) -> str | None:
    return None if lease is None else lease.lease_id
