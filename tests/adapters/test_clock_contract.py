"""The contract of `ports.Clock`, on the fake and on the machine's clocks."""

from datetime import timedelta

import pytest
from tests.fakes.clock import FakeClock

from tokenvend.adapters.clock import SystemClock
from tokenvend.ports import Clock


@pytest.fixture(params=[FakeClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_now_is_in_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_sleep_lets_both_clocks_go_on(clock: Clock) -> None:
    now, monotonic = clock.now(), clock.monotonic()

    clock.sleep(0.05)

    assert clock.monotonic() - monotonic >= 0.049
    assert clock.now() - now >= timedelta(seconds=0.049)


def test_monotonic_never_goes_back(clock: Clock) -> None:
    seen = [clock.monotonic() for _ in range(1_000)]

    assert seen == sorted(seen)


def test_nobody_sleeps_backwards(clock: Clock) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        clock.sleep(-1)


def test_the_fakes_wall_clock_can_be_wrong_while_time_passes() -> None:
    clock = FakeClock()
    right, monotonic = clock.now(), clock.monotonic()

    clock.set_wall(right - timedelta(minutes=5))
    clock.advance(timedelta(seconds=1))

    assert clock.now() == right - timedelta(minutes=5) + timedelta(seconds=1)
    assert clock.monotonic() == monotonic + 1
