"""The right of one environment to do one exchange for one key.

A lease protects our store, not the provider: a holder that stalls can cost one more
exchange, no more. Ids are random, and writes compare ids, never an order of instants.

    ABSENT ──acquire──► HELD ──put or release──► ABSENT
                          │ stood unchanged for `bounds.LEASE` on the waiter's monotonic
                          │ clock, or `deadline_at` is past by more than the clock skew
                          └──take over──► HELD (by another id)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from tokenvend.domain import bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who exchanges now: when it expects to be done, and when it is dead at the latest.

    `deadline_at` is the end of the holder's invocation: no code of it runs after that.
    """

    lease_id: str
    expected_done_at: datetime
    deadline_at: datetime


def new_lease(*, now: datetime, deadline_at: datetime, expected: timedelta) -> Lease:
    """A lease that nobody else can hold."""
    return Lease(lease_id=uuid4().hex, expected_done_at=now + expected, deadline_at=deadline_at)


def may_take_over(lease: Lease, *, now: datetime, unchanged_for: timedelta) -> bool:
    """Whether a waiter that watched *lease* stand for *unchanged_for* may replace it.

    *unchanged_for* is measured on the waiter's own monotonic clock, so a wall clock that is
    minutes fast or slow takes nothing over early; *now* counts only against the recorded
    death, with the allowance for skew.
    """
    return unchanged_for >= bounds.LEASE or now >= lease.deadline_at + bounds.CLOCK_SKEW
