"""The right of one environment to do one exchange for one key.

A lease protects the stored token, not the provider: a holder that stalls can cause one more
exchange at most. Ids are random, and a write compares ids, never an order of instants.

    ABSENT ──acquire──► HELD ──put or release──► ABSENT
                          │ unchanged for `bounds.LEASE` on the waiter's monotonic clock,
                          │ or `deadline_at` is past by more than the clock skew
                          └──take over──► HELD (by another id)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from tokenvend.domain import bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One environment's lease: when it expects to be done, and when its invocation ends.

    No code of the holder runs after `deadline_at`.
    """

    lease_id: str
    expected_done_at: datetime
    deadline_at: datetime


def new_lease(*, now: datetime, deadline_at: datetime, expected_duration: timedelta) -> Lease:
    """Return a lease with a new random id."""
    return Lease(
        lease_id=uuid4().hex, expected_done_at=now + expected_duration, deadline_at=deadline_at
    )


def may_take_over(lease: Lease, *, now: datetime, unchanged_for: timedelta) -> bool:
    """Whether a waiter that saw *lease* unchanged for *unchanged_for* may replace it.

    *unchanged_for* is measured on the waiter's own monotonic clock, so that a wrong wall clock does
    not shorten it. The wall clock *now* is compared only with the holder's deadline, with the
    allowance for clock skew.
    """
    return unchanged_for >= bounds.LEASE or now >= lease.deadline_at + bounds.CLOCK_SKEW
