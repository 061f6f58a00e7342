"""How often one caller may ask in a minute of the clock."""

from datetime import UTC, datetime, timedelta

import pytest

from tokenvend.domain import bounds
from tokenvend.domain.errors import TooManyRequestsError
from tokenvend.domain.registry import Caller
from tokenvend.vending.rate_limit import RateLimit

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
BILLING = Caller(name="billing", requests_per_minute=3)


def taken(limit: RateLimit, caller: Caller, now: datetime, *, of: int) -> int:
    """How many of so many requests are not one too many."""
    count = 0
    for _ in range(of):
        try:
            limit.check(caller, now)
        except TooManyRequestsError:
            continue
        count += 1
    return count


def test_a_caller_has_its_limit_in_each_minute() -> None:
    limit = RateLimit()

    assert taken(limit, BILLING, START, of=5) == 3
    assert taken(limit, BILLING, START + timedelta(seconds=59.9), of=1) == 0
    assert taken(limit, BILLING, START + timedelta(seconds=60), of=5) == 3


def test_each_caller_has_its_own() -> None:
    limit, payroll = RateLimit(), Caller(name="payroll", requests_per_minute=1)
    taken(limit, BILLING, START, of=3)

    assert taken(limit, payroll, START, of=2) == 1
    assert taken(limit, BILLING, START, of=1) == 0


def test_a_caller_without_a_limit_has_none() -> None:
    assert taken(RateLimit(), Caller(name="billing"), START, of=1_000) == 1_000


def test_a_limit_of_none_at_all_is_one() -> None:
    assert taken(RateLimit(), Caller(name="billing", requests_per_minute=0), START, of=2) == 0


@pytest.mark.parametrize(("second", "wait"), [(0, 60), (1, 59), (59, 1), (59.9, 1)])
def test_who_is_over_it_is_told_when_the_next_minute_begins(second: float, wait: int) -> None:
    limit, now = RateLimit(), START + timedelta(seconds=second)
    taken(limit, BILLING, now, of=3)

    with pytest.raises(TooManyRequestsError) as caught:
        limit.check(BILLING, now)

    assert caught.value.retry_after_seconds == wait
    assert (caught.value.rule, caught.value.caller) == ("caller.requests_per_minute", "billing")
    assert caught.value.description == "This caller's limit is 3 requests a minute."


def test_so_many_callers_are_counted_and_no_more() -> None:
    limit = RateLimit()
    taken(limit, BILLING, START, of=3)
    for number in range(bounds.MEMORY_ENTRIES - 1):
        limit.check(Caller(name=f"caller-{number}", requests_per_minute=1), START)
    assert taken(limit, BILLING, START, of=1) == 0

    limit.check(Caller(name="one more", requests_per_minute=1), START)

    # Memory is bounded: what was counted is forgotten rather than kept for ever.
    assert taken(limit, BILLING, START, of=5) == 3
