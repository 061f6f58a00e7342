"""The connections table in memory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from threading import Lock

from tokenvend.domain import journal
from tokenvend.domain.connection import (
    Connection,
    ConnectionKey,
    Consent,
    JournalEntry,
    PendingConsent,
)
from tokenvend.domain.journal import Successor
from tokenvend.ports import StoreAwayError, StoreResult, StoreThrottledError


class InMemoryConnectionStore:
    """`ports.ConnectionStore` for many environments of one process.

    `is_away` and `is_throttled` make every call behave as the real table then does.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._items: dict[ConnectionKey, Connection] = {}
        self.is_away = False
        self.is_throttled = False

    def read(self, key: ConnectionKey) -> Connection | None:
        with self._lock:
            self._check_patience()
            return self._items.get(key)

    def put_pending(self, key: ConnectionKey, pending: PendingConsent) -> None:
        with self._lock:
            self._check_patience()
            before = self._items.get(key) or Connection(key=key)
            self._items[key] = replace(before, pending=pending)

    def put_consent(self, before: Connection | None, after: Connection) -> bool:
        with self._lock:
            self._check_patience()
            if not _is_unchanged(self._items.get(after.key), before):
                return False
            self._items[after.key] = after
            return True

    def begin_redemption(
        self, before: Connection, journal_entry: JournalEntry
    ) -> Connection | None:
        with self._lock:
            self._check_reachable()
            found = self._items.get(before.key)
            if self.is_throttled or found is None or found.is_lost:
                return None
            if not journal.is_same_token(found, before):
                return None
            if _holder(found) not in (_holder(before), journal_entry.holder_id):
                return None
            self._items[before.key] = replace(found, journal_entry=journal_entry)
            return self._items[before.key]

    def finish_redemption(self, redeemed: Connection, successor: Successor) -> StoreResult:
        with self._lock:
            self._check_patience()
            found = self._items.get(redeemed.key)
            if found is None or found.consent is None:
                return StoreResult.GONE
            finished = journal.finish(found, redeemed, successor)
            if finished is None:
                return StoreResult.SUPERSEDED
            self._items[redeemed.key] = finished
            return StoreResult.STORED

    def release_redemption(
        self, redeemed: Connection, journal_entry: JournalEntry, *, retry_at: datetime
    ) -> None:
        with self._lock:
            self._check_patience()
            found = self._items.get(redeemed.key)
            if found is None or not journal.is_same_token(found, redeemed):
                return
            given = journal.release_redemption(found, journal_entry, retry_at=retry_at)
            if given is not None:
                self._items[redeemed.key] = given

    def mark_lost(self, connection: Connection, journal_entry: JournalEntry) -> bool:
        with self._lock:
            self._check_patience()
            found = self._items.get(connection.key)
            if found is None or not journal.is_same_token(found, connection):
                return False
            lost = journal.give_up_consent(found, journal_entry)
            if lost is None:
                return False
            self._items[connection.key] = lost
            return True

    def drop_pending(self, connection: Connection) -> None:
        with self._lock:
            self._check_patience()
            found = self._items.get(connection.key)
            if found is None or found.pending != connection.pending:
                return
            if found.consent is None:
                del self._items[connection.key]
            else:
                self._items[connection.key] = replace(found, pending=None)

    def delete(self, key: ConnectionKey) -> Connection | None:
        with self._lock:
            self._check_patience()
            return self._items.pop(key, None)

    def owned_by(self, owner: str) -> list[Connection]:
        with self._lock:
            self._check_patience()
            return [found for key, found in self._items.items() if key.owner == owner]

    def all(self) -> Iterator[Connection]:
        with self._lock:
            self._check_patience()
            found = list(self._items.values())
        yield from found

    def seed(self, connection: Connection) -> None:
        """Put *connection* there, as if others had."""
        with self._lock:
            self._items[connection.key] = connection

    def _check_patience(self) -> None:
        self._check_reachable()
        if self.is_throttled:
            raise StoreThrottledError("the connections table asks for patience")

    def _check_reachable(self) -> None:
        if self.is_away:
            raise StoreAwayError("the connections table does not answer")


def _is_unchanged(found: Connection | None, before: Connection | None) -> bool:
    """Whether nothing but the refresh token has changed."""
    if found is None or before is None:
        return found is before
    return _id_of(found.consent) == _id_of(before.consent) and _pending_id(found) == _pending_id(
        before
    )


def _id_of(consent: Consent | None) -> str | None:
    return consent.consent_id if consent else None


def _pending_id(connection: Connection) -> str | None:
    return _id_of(connection.pending.consent) if connection.pending else None


def _holder(connection: Connection) -> str | None:
    return connection.journal_entry.holder_id if connection.journal_entry else None
