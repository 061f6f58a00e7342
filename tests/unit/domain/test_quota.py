"""A caller's bucket of permits: how full it is, when it holds the next, how many are drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain import bounds
from tokenvend.domain.quota import (
    Quota,
    batch_size,
    default_burst,
    latest_at,
    quota_of,
)
from tokenvend.domain.registry import Caller

SECOND = 1_000_000
NOW = 1_770_000_000 * SECOND
#: One permit each second.
QUOTA = Quota(requests_per_minute=60, burst=10)
quotas = st.builds(Quota, st.integers(1, 1_000_000), st.integers(1, 10_000))


@pytest.mark.parametrize(("limit", "interval"), [(60, SECOND), (7, 8_571_429), (1, 60 * SECOND)])
def test_a_permit_comes_each_interval_and_never_sooner(limit: int, interval: int) -> None:
    assert Quota(limit, 1).interval == interval


@pytest.mark.parametrize(
    ("ago", "level"),
    [(0, 0), (SECOND - 1, 0), (SECOND, 1), (9_999_999, 9), (10 * SECOND, 10), (99 * SECOND, 10)],
)
def test_a_bucket_fills_to_its_burst(ago: int, level: int) -> None:
    assert QUOTA.level(NOW - ago, NOW) == level


@pytest.mark.parametrize("empty_at", [None, 0, NOW - 10 * SECOND - 1, latest_at(NOW) + 1])
def test_a_bucket_that_nobody_used_or_that_cannot_be_is_full(empty_at: int | None) -> None:
    assert QUOTA.is_full(empty_at, NOW)
    assert QUOTA.level(empty_at, NOW) == QUOTA.burst
    assert QUOTA.wait(empty_at, NOW) == 0


@pytest.mark.parametrize("empty_at", [NOW - 10 * SECOND, latest_at(NOW)])
def test_a_bucket_whose_instant_can_be_is_drawn_from_as_it_stands(empty_at: int) -> None:
    assert not QUOTA.is_full(empty_at, NOW)


def test_a_bucket_never_holds_less_than_nothing() -> None:
    assert QUOTA.level(NOW + SECOND + 1, NOW) == 0
    assert QUOTA.wait(NOW - 5 * SECOND, NOW) == 0


@pytest.mark.parametrize(
    ("ago", "wait"), [(0, SECOND), (SECOND, 0), (SECOND - 1, 1), (-1, SECOND + 1)]
)
def test_the_next_permit_is_an_interval_after_the_last(ago: int, wait: int) -> None:
    assert QUOTA.wait(NOW - ago, NOW) == wait


@given(quota=quotas, ago=st.integers(0, 3_600 * SECOND))
def test_after_the_wait_there_is_a_permit_and_not_before(quota: Quota, ago: int) -> None:
    empty_at = NOW - ago
    wait = quota.wait(empty_at, NOW)

    assert quota.level(empty_at, NOW + wait) >= 1
    assert not wait or quota.level(empty_at, NOW + wait - 1) == 0


@pytest.mark.parametrize(
    ("limit", "burst"), [(1, 1), (9, 9), (10, 10), (40, 10), (41, 10), (44, 11), (600, 150)]
)
def test_a_quota_without_a_burst_has_a_quarter_of_a_minute(limit: int, burst: int) -> None:
    assert default_burst(limit) == burst
    assert quota_of(Caller(name="billing", requests_per_minute=limit)) == Quota(limit, burst)


def test_a_burst_is_as_the_caller_has_it() -> None:
    assert quota_of(Caller(name="billing", requests_per_minute=60, burst=3)) == Quota(60, 3)


@pytest.mark.parametrize(
    ("level", "per_second", "former", "size"),
    [
        pytest.param(100, 0.0, 0, 1, id="a first request draws one"),
        pytest.param(100, 50.0, 4, 8, id="a batch doubles at most"),
        pytest.param(3, 50.0, 400, 3, id="no more than there are"),
        pytest.param(10, 50.0, 400, 10, id="a second's permits, from a bucket that is not full"),
        pytest.param(40, 0.5, 400, 1, id="nothing ahead from one that is not half full"),
        pytest.param(100, 0.5, 400, 12, id="a quarter of what is above the half"),
        pytest.param(100, 0.1, 400, 3, id="as many as will be used while they are held"),
    ],
)
def test_a_batch_is_what_will_be_used(
    level: int, per_second: float, former: int, size: int
) -> None:
    quota = Quota(requests_per_minute=400, burst=100)

    assert batch_size(quota, level=level, per_second=per_second, former=former) == size


@given(
    quota=quotas,
    level=st.integers(1, 10_000),
    per_second=st.floats(0, 1e6),
    former=st.integers(0, 10_000),
)
def test_a_batch_has_at_least_one_permit_and_no_more_than_there_are(
    quota: Quota, level: int, per_second: float, former: int
) -> None:
    size = batch_size(quota, level=level, per_second=per_second, former=former)

    assert 1 <= size <= max(1, min(level, 2 * former))


def test_permits_are_held_as_long_as_memory_is_trusted_by_default() -> None:
    assert bounds.QUOTA_BATCH_HELD.total_seconds() == bounds.MEMORY_SECONDS_DEFAULT


@pytest.mark.parametrize("limit", [None, 0])
def test_a_quota_without_a_number_is_the_least_one(limit: int | None) -> None:
    """The file cannot say so; a registry that was written by hand could."""
    assert quota_of(Caller(name="billing", requests_per_minute=limit)) == Quota(1, 1)
