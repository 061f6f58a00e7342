"""How a request waits: for a busy table, for another's lease, and until which instant."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.unit.vending.busy_table import busy_for

from tokenvend.domain import bounds
from tokenvend.domain.lease import Lease
from tokenvend.ports import StoreAwayError, StoreThrottledError
from tokenvend.vending.lease_wait import LeaseWatch, retry_while_throttled

SECOND = timedelta(seconds=1)


def lease_of(clock: FakeClock, *, expected: float = 1.0, deadline: float = 3600.0) -> Lease:
    now = clock.now()
    return Lease(
        lease_id="a" * 32,
        expected_done_at=now + timedelta(seconds=expected),
        deadline_at=now + timedelta(seconds=deadline),
    )


@given(st.integers(0, 300).map(lambda tenths: tenths / 10))
def test_a_busy_table_is_asked_until_it_serves(seconds: float) -> None:
    clock = FakeClock()

    assert (
        retry_while_throttled(busy_for(clock, seconds), clock, until=clock.monotonic() + 60)
        == "served"
    )
    # No wait is longer than two seconds, so nobody finds it late by more.
    assert seconds <= clock.monotonic() - 1_000 <= seconds + 2


@given(st.integers(0, 300).map(lambda tenths: tenths / 10))
def test_a_busy_table_is_waited_for_until_the_instant_that_is_said_and_no_longer(
    seconds: float,
) -> None:
    clock = FakeClock()
    until = clock.monotonic() + seconds

    with pytest.raises(StoreThrottledError):
        retry_while_throttled(busy_for(clock, 3600), clock, until=until)

    assert until - 2 <= clock.monotonic() <= until


def test_each_wait_is_jittered_and_up_to_twice_as_long_as_the_last() -> None:
    clock = FakeClock()

    retry_while_throttled(busy_for(clock, 20), clock, until=clock.monotonic() + 60)

    longest = [min(0.04 * 2**number, 2.0) for number in range(len(clock.slept))]
    assert all(most / 2 <= slept <= most for slept, most in zip(clock.slept, longest, strict=True))
    assert len(set(clock.slept)) == len(clock.slept)


def test_a_table_that_is_away_is_not_asked_again() -> None:
    clock = FakeClock()

    def away() -> str:
        raise StoreAwayError("away")

    with pytest.raises(StoreAwayError):
        retry_while_throttled(away, clock, until=clock.monotonic() + 60)

    assert clock.slept == []


def test_a_lease_that_stands_is_free_after_its_time_on_the_waiters_own_clock() -> None:
    clock = FakeClock()
    watch, lease = LeaseWatch(clock), lease_of(clock)

    assert watch.is_free(None)
    assert not watch.is_free(lease)
    clock.advance(bounds.LEASE - timedelta(microseconds=1))
    assert not watch.is_free(lease)
    clock.advance(timedelta(microseconds=1))
    assert watch.is_free(lease)


def test_a_watch_begins_anew_with_each_holder() -> None:
    clock = FakeClock()
    watch, lease = LeaseWatch(clock), lease_of(clock)
    watch.is_free(lease)
    clock.advance(bounds.LEASE - SECOND)
    other = replace(lease, lease_id="b" * 32)
    assert not watch.is_free(other)

    clock.advance(bounds.LEASE - timedelta(microseconds=1))

    assert not watch.is_free(other)


def test_a_lease_whose_holder_is_dead_is_free_when_the_clocks_skew_is_past() -> None:
    clock = FakeClock()
    lease = lease_of(clock, deadline=0)

    clock.advance(bounds.CLOCK_SKEW - timedelta(microseconds=1))
    assert not LeaseWatch(clock).is_free(lease)
    clock.advance(timedelta(microseconds=1))
    assert LeaseWatch(clock).is_free(lease)


def test_a_request_waits_for_so_long_and_no_longer() -> None:
    early, late = FakeClock(), FakeClock()
    first, second = LeaseWatch(early), LeaseWatch(late)

    early.advance(bounds.LEASE_WAIT - timedelta(milliseconds=1))
    late.advance(bounds.LEASE_WAIT)

    assert late.monotonic() == second.ends_at == first.ends_at
    assert (first.is_timed_out(), second.is_timed_out()) == (False, True)


@pytest.mark.parametrize(
    ("expected", "first"), [(-5.0, 0.02), (0.0, 0.02), (0.5, 0.5), (2.0, 2.0), (3.0, 2.0)]
)
def test_the_first_look_is_when_the_holder_expects_to_be_done(
    expected: float, first: float
) -> None:
    clock = FakeClock()

    assert LeaseWatch(clock).next_delay(lease_of(clock, expected=expected)) == first


def test_without_a_holder_the_first_look_is_a_poll() -> None:
    assert 0 < LeaseWatch(FakeClock()).next_delay(None) <= 0.06


def test_the_polls_after_it_grow_are_jittered_and_stay_quick() -> None:
    clock = FakeClock()
    watch, lease = LeaseWatch(clock), lease_of(clock)
    watch.next_delay(lease)

    polls = [watch.next_delay(lease) for _ in range(300)]

    longest = [min(0.03 * 2**number, 0.23) for number in range(2, 302)]
    shares = [poll / most for poll, most in zip(polls, longest, strict=True)]
    assert all(0.75 <= share <= 1.0 for share in shares)
    assert min(shares) < 0.78
    assert max(shares) > 0.97


def test_the_second_poll_is_twice_as_long_as_the_first_or_as_the_slowest() -> None:
    clock = FakeClock()
    polls = []
    for _ in range(200):
        watch, lease = LeaseWatch(clock), lease_of(clock)
        polls.append([watch.next_delay(lease) for _ in range(3)][1:])

    first, second = (max(each) for each in zip(*polls, strict=True))

    assert 0.117 < first <= 0.12
    assert 0.224 < second <= 0.23
