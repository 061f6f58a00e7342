"""Bugs that others have shipped, to be planted in the vending core: each must be caught."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.token_store import InMemoryTokenStore

from simulation.token_store import SimulatedTokenStore
from tokenvend.adapters.clock import SystemClock
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.freshness import Usability, overdue_at
from tokenvend.domain.lease import Lease
from tokenvend.domain.oauth import token_response
from tokenvend.ports import TokenItem
from tokenvend.vending import lease_wait
from tokenvend.vending.acquisition import Acquisition
from tokenvend.vending.memory import Memory, Remembered

type Plant = Callable[[pytest.MonkeyPatch], None]


def no_read_after_acquisition(patch: pytest.MonkeyPatch) -> None:
    """The winner does not look at what the table holds by then."""
    rightly = SimulatedTokenStore.acquire_lease

    def acquire_lease(
        self: SimulatedTokenStore, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        item = rightly(self, key, lease, instead_of=instead_of)
        return item and replace(item, token=None)

    patch.setattr(SimulatedTokenStore, "acquire_lease", acquire_lease)


def expiry_tested_last(patch: pytest.MonkeyPatch) -> None:
    """A token that is overdue is held good before anybody asks whether it has expired."""
    rightly = Acquisition.usability

    def usability(self: Acquisition, item: TokenItem, now: datetime) -> Usability:
        if item.token is not None and now >= overdue_at(self.key, item.token):
            return Usability.REPLACEABLE
        return rightly(self, item, now)

    patch.setattr(Acquisition, "usability", usability)


def take_over_by_wall_clock(patch: pytest.MonkeyPatch) -> None:
    """A lease ends when the waiter's wall clock says so."""

    def may_take_over(lease: Lease, *, now: datetime, unchanged_for: timedelta) -> bool:
        del unchanged_for
        return now >= lease.expected_done_at + timedelta(seconds=2)

    patch.setattr(lease_wait, "may_take_over", may_take_over)


def lease_is_never_taken_over(patch: pytest.MonkeyPatch) -> None:
    """Whoever crashes with the lease keeps it."""
    patch.setattr(lease_wait, "may_take_over", lambda *_, **__: False)


def lease_shorter_than_the_call(patch: pytest.MonkeyPatch) -> None:
    """Two seconds, where a provider may take eight."""

    def may_take_over(lease: Lease, *, now: datetime, unchanged_for: timedelta) -> bool:
        del lease, now
        return unchanged_for >= timedelta(seconds=2)

    patch.setattr(lease_wait, "may_take_over", may_take_over)


def lost_counts_as_won(patch: pytest.MonkeyPatch) -> None:
    """A table that refuses the lease is taken for an outage, in which everybody exchanges."""
    rightly = InMemoryTokenStore.acquire_lease

    def acquire_lease(
        self: InMemoryTokenStore, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        won = rightly(self, key, lease, instead_of=instead_of)
        return won or TokenItem(lease=lease)

    patch.setattr(InMemoryTokenStore, "acquire_lease", acquire_lease)


def memory_trusts_until_expiry(patch: pytest.MonkeyPatch) -> None:
    """What was once granted is answered for as long as the token lives."""
    rightly = Memory.recall

    def recall(self: Memory, key: tuple[str, object]) -> Remembered | None:
        found = rightly(self, key)  # type: ignore[arg-type]
        return replace(found, trusted_until=found.token.expires_at) if found else None

    patch.setattr(Memory, "recall", recall)


def key_forgets_the_audience(patch: pytest.MonkeyPatch) -> None:
    """Two requests of one credential share a token."""
    rightly = TokenSpec.key
    patch.setattr(TokenSpec, "key", lambda self: rightly(replace(self, audience=None)))


def clocks_are_not_corrected(patch: pytest.MonkeyPatch) -> None:
    """A machine's clock that is minutes wrong is believed."""
    patch.setattr(SystemClock, "learn", lambda *_: None)


def nothing_taken_off_for_clocks(patch: pytest.MonkeyPatch) -> None:
    """A token lives as long as the provider says, by whoever's clock."""
    patch.setattr(token_response, "clock_skew_allowance", lambda _: timedelta(0))


_ONE_EXCHANGE = "one exchange at a time for each key"
_RENEWED_IF_DUE = "renewed is what was asked for and is due"
_NO_EXPIRED_TOKEN = "no expired token is answered"
_NO_NEEDLESS_EXCHANGE = "no exchange for a token that is there"
_NO_MORE_LIFE = "no more life is promised than there is"

#: Each bug, and the promises that it breaks: whichever the search meets first counts. Of two who
#: hold one lease, the second replaces a token that is not due any more. A clock that is ahead takes
#: a good token for an expired one.
PLANTED: Mapping[Plant, frozenset[str]] = {
    no_read_after_acquisition: frozenset({_NO_NEEDLESS_EXCHANGE}),
    expiry_tested_last: frozenset({_NO_EXPIRED_TOKEN}),
    take_over_by_wall_clock: frozenset({_ONE_EXCHANGE, _RENEWED_IF_DUE}),
    lease_is_never_taken_over: frozenset({"progress after any crash"}),
    lease_shorter_than_the_call: frozenset({_ONE_EXCHANGE, _RENEWED_IF_DUE}),
    lost_counts_as_won: frozenset({_ONE_EXCHANGE}),
    memory_trusts_until_expiry: frozenset({"no decision is older than its bound"}),
    key_forgets_the_audience: frozenset({"no token outside its key"}),
    clocks_are_not_corrected: frozenset({_NO_MORE_LIFE, _NO_EXPIRED_TOKEN, _NO_NEEDLESS_EXCHANGE}),
    nothing_taken_off_for_clocks: frozenset({_NO_MORE_LIFE}),
}
