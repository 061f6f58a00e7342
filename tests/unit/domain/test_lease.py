"""When a waiter may take a lease over: both ways, and the side of each line."""

from datetime import timedelta

import pytest
from tests.strategies import START

from tokenvend.domain import bounds
from tokenvend.domain.lease import may_take_over, new_lease

TICK = timedelta(microseconds=1)
LEASE = new_lease(
    now=START,
    deadline_at=START + timedelta(seconds=20),
    expected_duration=timedelta(milliseconds=300),
)


@pytest.mark.parametrize(
    ("unchanged_for", "free"),
    [(timedelta(0), False), (bounds.LEASE - TICK, False), (bounds.LEASE, True)],
)
def test_lease_that_stood_long_enough_is_free(unchanged_for: timedelta, free: bool) -> None:  # noqa: FBT001
    assert may_take_over(LEASE, now=START, unchanged_for=unchanged_for) is free


@pytest.mark.parametrize(
    ("past", "free"),
    [(timedelta(0), False), (bounds.CLOCK_SKEW - TICK, False), (bounds.CLOCK_SKEW, True)],
)
def test_dead_holders_lease_is_free_after_the_skew(past: timedelta, free: bool) -> None:  # noqa: FBT001
    now = LEASE.deadline_at + past

    assert may_take_over(LEASE, now=now, unchanged_for=timedelta(0)) is free


def test_new_lease_says_when_it_is_done_and_when_dead() -> None:
    lease = new_lease(
        now=START,
        deadline_at=START + timedelta(seconds=20),
        expected_duration=timedelta(milliseconds=300),
    )

    assert lease.expected_done_at == START + timedelta(milliseconds=300)
    assert lease.deadline_at == START + timedelta(seconds=20)


def test_no_two_leases_are_the_same() -> None:
    ids = {
        new_lease(now=START, deadline_at=START, expected_duration=timedelta(0)).lease_id
        for _ in range(1000)
    }

    assert len(ids) == 1000
