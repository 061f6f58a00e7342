"""What one environment draws from a caller's bucket: how many permits, how often, for how long."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.quota_store import InMemoryQuotas
from tests.unit.vending.fleet import BILLING, HELD

from tokenvend.domain import bounds
from tokenvend.domain.errors import TooManyRequestsError
from tokenvend.domain.quota import Quota, microseconds, quota_of
from tokenvend.domain.registry import Caller
from tokenvend.ports.quotas import Drawn
from tokenvend.vending.caller_quotas import CallerQuotas

BUSY = Caller(name="busy", requests_per_minute=6_000, burst=6_000)
INSTANT = 1e-6


class RecordingQuotas(InMemoryQuotas):
    """A store that records how many permits each granted draw took."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def draw(self, caller: str, quota: Quota, permits: int, *, now: int, from_full: bool) -> Drawn:
        drawn = super().draw(caller, quota, permits, now=now, from_full=from_full)
        if drawn.granted:
            self.sizes.append(permits)
        return drawn


@dataclass
class Scenario:
    """One environment and its store; `another` is a second environment of the same store."""

    store: RecordingQuotas = field(default_factory=RecordingQuotas)

    def __post_init__(self) -> None:
        self.environment, self.another = CallerQuotas(self.store), CallerQuotas(self.store)

    def ask(self, at: float, caller: Caller = BUSY, *, times: int = 1) -> None:
        for _ in range(times):
            self.environment.check(caller, START + timedelta(seconds=at))

    def retry_after(self, at: float, caller: Caller = BILLING) -> int:
        with pytest.raises(TooManyRequestsError) as caught:
            self.ask(at, caller)
        return caught.value.retry_after_seconds

    def drain(self, at: float, caller: Caller = BILLING, *, by: CallerQuotas | None = None) -> None:
        """Use up every permit of *caller* and be refused once, by *by* or the environment."""
        environment, now = by or self.environment, START + timedelta(seconds=at)
        for _ in range(quota_of(caller).burst):
            environment.check(caller, now)
        with pytest.raises(TooManyRequestsError):
            environment.check(caller, now)


@pytest.fixture
def scenario() -> Scenario:
    return Scenario()


# How many permits a draw takes -----------------------------------------------------------------
def test_steady_environment_draws_what_it_uses_while_a_batch_is_held(scenario: Scenario) -> None:
    for second in range(1, 600):
        scenario.ask(second)

    assert scenario.store.sizes[:6] == [1, 2, 4, 8, 16, HELD]
    assert set(scenario.store.sizes[6:]) == {HELD}


def test_requests_of_one_instant_share_a_batch(scenario: Scenario) -> None:
    scenario.ask(0, times=31)

    assert scenario.store.sizes == [1, 2, 4, 8, 16]


def test_bucket_that_is_not_full_enough_lends_the_permits_of_one_second(
    scenario: Scenario,
) -> None:
    """A pace is a number of requests by seconds, also before the first second is over."""
    now, quota = microseconds(START), quota_of(BUSY)
    scenario.store.empty_at["busy"] = now - 2_000 * quota.interval

    for number in range(15):
        scenario.ask(number / 20)

    assert scenario.store.sizes == [1, 2, 4, 8]


def test_first_batch_is_one_permit_also_after_a_refusal(scenario: Scenario) -> None:
    scenario.drain(0, by=scenario.another)
    for _ in range(30):
        scenario.retry_after(0)
    scenario.store.sizes.clear()

    scenario.ask(5, BILLING)

    assert scenario.store.sizes == [1]


# How often it writes ---------------------------------------------------------------------------
def test_environment_that_drew_before_draws_again_with_one_write(scenario: Scenario) -> None:
    scenario.ask(0, times=2)

    assert scenario.store.writes == 2


def test_environment_that_was_refused_draws_again_with_one_write(scenario: Scenario) -> None:
    scenario.drain(0)
    before = scenario.store.writes

    scenario.ask(1, BILLING)

    assert scenario.store.writes == before + 1


def test_new_caller_costs_another_caller_none_of_its_permits(scenario: Scenario) -> None:
    scenario.ask(0, times=2)
    scenario.ask(0, BILLING)
    before = scenario.store.writes

    scenario.ask(0)

    assert scenario.store.writes == before


@pytest.mark.parametrize(
    ("callers", "writes"),
    [
        pytest.param(bounds.MEMORY_ENTRIES, 0, id="as many as it may remember"),
        pytest.param(bounds.MEMORY_ENTRIES + 1, 1, id="one more: it forgets the others"),
    ],
)
def test_environment_remembers_the_batches_of_so_many_callers(
    scenario: Scenario, callers: int, writes: int
) -> None:
    scenario.ask(0, times=2)
    for number in range(callers - 1):
        scenario.ask(0, Caller(name=f"caller-{number}", requests_per_minute=60))
    before = len(scenario.store.sizes)

    scenario.ask(0)

    assert len(scenario.store.sizes) - before == writes


# For how long ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("after", "draws"),
    [
        pytest.param(HELD - INSTANT, 2, id="the batch is still held"),
        pytest.param(HELD, 3, id="its permits are lost"),
    ],
)
def test_batch_is_held_up_to_an_instant(scenario: Scenario, after: float, draws: int) -> None:
    scenario.ask(0, times=2)

    scenario.ask(after)

    assert len(scenario.store.sizes) == draws


@pytest.mark.parametrize(
    ("at", "retry_after"),
    [
        pytest.param(0.0, 3, id="the instant of the refusal"),
        pytest.param(0.4, 3, id="a part of a second counts as a whole one"),
        pytest.param(1.0, 2, id="a second later"),
    ],
)
def test_wait_is_told_in_whole_seconds(scenario: Scenario, at: float, retry_after: int) -> None:
    slow = Caller(name="slow", requests_per_minute=20)
    scenario.drain(0, slow)

    told = scenario.retry_after(at, slow)

    assert (told, type(told)) == (retry_after, int)


def test_wait_of_a_quick_bucket_is_a_second() -> None:
    scenario, quick = Scenario(), Caller(name="quick", requests_per_minute=600)
    scenario.drain(0, quick)

    assert scenario.retry_after(0, quick) == 1
    scenario.ask(1, quick)
