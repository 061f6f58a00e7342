"""A caller's quota over many environments: what it gets, which error, and what that writes."""

import random
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.fakes.clock import START
from tests.fakes.quota_store import InMemoryQuotas
from tests.unit.vending.fleet import BILLING, HELD, Fleet, poisson

from tokenvend.domain import bounds
from tokenvend.domain.errors import TooManyRequestsError
from tokenvend.domain.registry import Caller
from tokenvend.vending.caller_quotas import CallerQuotas

_events = st.lists(
    st.tuples(
        st.floats(0, 20),  # seconds since the event before
        st.integers(0, 4),  # the environment
        st.integers(0, 60),  # how many requests it gets at once; 0: it crashes
    ),
    min_size=1,
    max_size=25,
)


@given(
    events=_events,
    limit=st.integers(1, 3_000),
    burst=st.none() | st.integers(1, 500),
    seconds=st.sampled_from([1.0, 10.0, 60.0, 300.0]),
)
def test_no_number_of_environments_exceeds_the_bound_whatever_dies_or_idles(
    events: list[tuple[float, int, int]], limit: int, burst: int | None, seconds: float
) -> None:
    caller = Caller(name="billing", requests_per_minute=limit, burst=burst)
    fleet, at = Fleet(caller, environments=5), 0.0

    for pause, environment, requests in events:
        at += pause
        for _ in range(requests):
            fleet.ask(at, environment)
        if not requests:
            fleet.crash(environment)

    assert fleet.most_within(seconds) <= fleet.bound(seconds)


@given(events=_events, limit=st.integers(1, 3_000), by=st.integers(0, 4))
def test_who_comes_back_after_the_wait_is_let_in_if_nobody_else_asked(
    events: list[tuple[float, int, int]], limit: int, by: int
) -> None:
    caller = Caller(name="billing", requests_per_minute=limit)
    fleet, at = Fleet(caller, environments=5), 0.0
    for pause, environment, requests in events:
        at += pause
        for _ in range(requests):
            fleet.ask(at, environment)
    while not (wait := fleet.ask(at, environment)):
        pass

    # Any environment may be the one that answers, also one that refused a moment ago.
    assert fleet.ask(at + wait, by) == 0


@given(first=st.floats(0, 1), between=st.floats(0, 1), limit=st.integers(1, 200))
def test_what_one_environment_tells_holds_for_another_that_refused_before(
    first: float, between: float, limit: int
) -> None:
    fleet = Fleet(Caller(name="billing", requests_per_minute=limit), environments=2)
    while not fleet.ask(first, 0):
        pass
    assume(told := fleet.ask(first + between, 1))

    assert fleet.ask(first + between + told, 0) == 0


@pytest.mark.parametrize("environments", [1, 10, 300])
def test_a_fleet_that_asks_for_much_more_gets_its_whole_quota(environments: int) -> None:
    caller = Caller(name="billing", requests_per_minute=1_200)
    fleet = Fleet(caller, environments=environments)

    for number, at in enumerate(poisson(rate=200, seconds=120, seed=1)):
        fleet.ask(at, number % environments)

    assert len(fleet.granted) >= 0.9 * 2 * 1_200
    assert fleet.most_within(60) <= fleet.bound(60)


@pytest.mark.parametrize("environments", [1, 10, 100])
def test_a_fleet_within_its_quota_is_not_refused_for_what_others_hold(environments: int) -> None:
    """Four fifths of the pace, by requests that come at random."""
    caller = Caller(name="billing", requests_per_minute=600)
    fleet, generator = Fleet(caller, environments=environments), random.Random(7)  # noqa: S311

    for at in poisson(rate=8, seconds=600, seed=2):
        fleet.ask(at, generator.randrange(environments))

    assert fleet.refused / (fleet.refused + len(fleet.granted)) < 0.005


@pytest.mark.parametrize(
    ("every", "writes_each"),
    [
        pytest.param(0.01, 0.02, id="a hundred a second"),
        pytest.param(1.0, 0.1, id="one a second"),
        pytest.param(5.0, 0.35, id="one in five seconds"),
    ],
)
def test_most_requests_write_nothing(every: float, writes_each: float) -> None:
    caller = Caller(name="billing", requests_per_minute=12_000)
    fleet = Fleet(caller)
    count = int(300 / every)

    waits = [fleet.ask(number * every) for number in range(count)]

    assert not any(waits)
    assert fleet.store.writes <= 4 + count * writes_each


def test_an_environment_that_is_refused_writes_at_most_once_a_second() -> None:
    fleet = Fleet(environments=3)
    for number in range(12_000):
        fleet.ask(number * 0.01, number % 3)

    # Three environments for two minutes. Who finds a permit draws once more, and is refused.
    assert fleet.store.writes <= 3 * 120 * 2 + 10
    assert fleet.refused > 11_000


def test_waits_that_are_told_end_at_one_instant() -> None:
    fleet = Fleet()
    while not (wait := fleet.ask(0.0)):
        pass

    told = [at + fleet.ask(at) for at in (0.1, 0.4, 0.9)]

    assert all(later >= wait for later in told)
    assert fleet.ask(float(wait)) == 0


def test_a_batch_that_was_held_too_long_is_lost() -> None:
    fleet = Fleet(Caller(name="billing", requests_per_minute=600))
    for at in range(8):
        fleet.ask(float(at))
    before = fleet.store.writes

    fleet.ask(8 + HELD)

    assert fleet.store.writes > before


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_clock_that_was_an_hour_ahead_refuses_nobody_once_it_is_right(
    *, is_refused: bool
) -> None:
    fleet = Fleet(environments=2)
    wait = fleet.ask(3_600.0)
    while is_refused and not wait:
        wait = fleet.ask(3_600.0)

    assert [fleet.ask(1.0, environment) for environment in (0, 1)] == [0, 0]


def test_callers_do_not_share_a_bucket() -> None:
    fleet = Fleet()
    while not fleet.ask(0.0):
        pass
    fleet.caller = Caller(name="payroll", requests_per_minute=60)

    assert fleet.ask(0.0) == 0


def test_a_caller_without_a_limit_is_not_looked_up() -> None:
    fleet = Fleet(Caller(name="billing"))

    assert {fleet.ask(0.0) for _ in range(1_000)} == {0}
    assert fleet.store.writes == 0


def test_while_the_table_is_away_each_environment_counts_for_itself() -> None:
    fleet = Fleet(environments=2)
    fleet.store.is_away = True

    for environment in (0, 1):
        for _ in range(70):
            fleet.ask(0.0, environment)

    assert len(fleet.granted) == 2 * 60
    fleet.store.is_away = False
    again = bounds.QUOTA_STORE_AGAIN_AFTER.total_seconds()
    fleet.ask(again - 0.1)
    assert fleet.store.writes == 0
    fleet.ask(again)
    assert fleet.store.writes == 1


def test_refusal_says_the_limit_and_by_which_rule() -> None:
    fleet = Fleet()
    while not fleet.ask(0.0):
        pass

    with pytest.raises(TooManyRequestsError) as caught:
        fleet.environments[0].check(BILLING, START)

    assert (caught.value.rule, caught.value.caller) == ("caller.requests_per_minute", "billing")
    assert caught.value.description == "This caller's limit is 60 requests a minute."


def test_memory_is_bounded() -> None:
    limits = CallerQuotas(InMemoryQuotas())
    names = [f"caller-{number}" for number in range(bounds.MEMORY_ENTRIES + 5)]

    for name in names:
        limits.check(Caller(name=name, requests_per_minute=1), START)

    assert len(limits._batches) <= bounds.MEMORY_ENTRIES
    # What was forgotten is asked for again, and still holds.
    with pytest.raises(TooManyRequestsError):
        limits.check(Caller(name=names[0], requests_per_minute=1), START)


def test_a_quota_is_spread_over_time() -> None:
    fleet = Fleet()
    at = 0.0
    while at < 120:
        at += fleet.ask(at) or 0.05

    late = [at for at in fleet.granted if at > 20]
    assert all(later - earlier < 3 for earlier, later in pairwise(late))
