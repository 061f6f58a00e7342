"""A process that ends at a step of a refresh, and a provider with answers that a test sets."""

from datetime import timedelta

import pytest
from tests.fakes.connection_store import InMemoryConnectionStore
from tests.fakes.provider import json_response
from tests.unit.consent.refreshing import Refreshing

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, JournalEntry
from tokenvend.domain.journal import Successor
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.ports import StoreResult

UNTIL_DEAD = timedelta(seconds=20) + bounds.CLOCK_SKEW


class Crash(BaseException):
    """The environment ends here."""


class DyingStore(InMemoryConnectionStore):
    """A table whose caller dies before or after one of its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.deadline: str | None = None

    def begin_redemption(
        self, before: Connection, journal_entry: JournalEntry
    ) -> Connection | None:
        self._die("before begin")
        begun = super().begin_redemption(before, journal_entry)
        self._die("after begin")
        return begun

    def finish_redemption(self, redeemed: Connection, successor: Successor) -> StoreResult:
        self._die("before finish")
        kept = super().finish_redemption(redeemed, successor)
        self._die("after finish")
        return kept

    def _die(self, where: str) -> None:
        if self.deadline == where:
            self.deadline = None
            raise Crash


def crashing(harness: Refreshing, where: str) -> None:
    """One environment that dies at *where*."""
    store = DyingStore()
    store._items = harness.connections._items
    harness.connections = store
    if where == "in the request":
        harness.rotating.interrupt = crash
    store.deadline = where
    with pytest.raises(Crash):
        harness.refresh()
    harness.rotating.interrupt = None


def crash() -> None:
    raise Crash


class Answers:
    """A provider that adds to, or replaces, what a good one says."""

    def __init__(self, changes: dict[str, object], *, status: int = 200) -> None:
        self._changes = changes
        self._status = status
        self.sent: list[ProviderRequest] = []

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.sent.append(request)
        fields: dict[str, object] = {
            "access_token": "access-1",
            "token_type": "Bearer",
            "expires_in": 1800,
            "refresh_token": "refresh-2",
        }
        if self._status != 200:
            fields = {}
        return json_response(fields | self._changes, status=self._status)
