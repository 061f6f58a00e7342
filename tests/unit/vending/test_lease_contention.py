"""Many environments and one missing token: who exchanges, who waits, who takes over."""

from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.unit.vending.world import BILLING as BILLING_PROOF
from tests.unit.vending.world import DEFINITION, GRANT, INVOCATION, World
from tests.unit.vending.world import REQUEST as REQUEST_JOBS

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.ports import Clock, TokenItem
from tokenvend.vending.wait import LeaseWatch

KEY = TokenSpec(credential="jobs", definition=DEFINITION.fingerprint, scopes=GRANT.scopes).key()


def _lease(world: World, *, dies_in: timedelta = INVOCATION) -> Lease:
    now = world.clock.now()
    return new_lease(now=now, dies_at=now + dies_in, expected=timedelta(milliseconds=300))


def test_waiter_answers_what_the_holder_stored() -> None:
    world = World()
    holder = world.environment()
    lease = _lease(world)
    world.tokens.seed(KEY, TokenItem(lease=lease))
    done: list[object] = []

    def holder_finishes(clock: Clock, seconds: float) -> None:
        clock.sleep(seconds)
        if not done:
            world.tokens.release_lease(KEY, lease=lease, failure=None)
            done.append(world.vend(holder))

    answer = world.vend(world.environment(pause=holder_finishes)).answer

    assert answer.source is Source.STORE
    assert world.provider.exchanges == 1


def test_waiter_takes_over_a_lease_that_stood_too_long() -> None:
    world = World()
    dead = _lease(world, dies_in=timedelta(hours=1))
    world.tokens.seed(KEY, TokenItem(lease=dead))
    environment = world.environment()

    answer = environment.vend(BILLING_PROOF, REQUEST_JOBS, time_left=timedelta(seconds=60)).answer

    assert answer.source is Source.PROVIDER
    waited = sum(world.clock.slept)
    assert bounds.LEASE.total_seconds() <= waited < bounds.LEASE.total_seconds() + 1


def test_lease_of_a_recorded_death_is_taken_over_at_once() -> None:
    world = World()
    world.tokens.seed(KEY, TokenItem(lease=_lease(world, dies_in=-bounds.CLOCK_SKEW)))

    answer = world.vend(world.environment()).answer

    assert answer.source is Source.PROVIDER
    assert sum(world.clock.slept) == pytest.approx(0.0)


def test_waiter_gives_up_when_its_own_time_is_short() -> None:
    world = World()
    world.tokens.seed(KEY, TokenItem(lease=_lease(world)))

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.vend(world.environment())

    assert caught.value.rule == "lease.wait"
    assert world.provider.exchanges == 0


@given(skew=st.timedeltas(min_value=timedelta(minutes=-5), max_value=timedelta(minutes=5)))
def test_wrong_wall_clock_steals_no_lease_that_is_alive(skew: timedelta) -> None:
    """A live holder dies at most an invocation from now; the allowance covers 30 s of skew."""
    world = World()
    lease = _lease(world, dies_in=timedelta(minutes=5))
    wrong = FakeClock(world.clock.now() + skew)
    watch = LeaseWatch(wrong)

    taken_at_once = watch.is_free(lease)
    wrong.advance(bounds.LEASE - timedelta(milliseconds=1))
    taken_early = watch.is_free(lease) and skew < timedelta(minutes=5)
    wrong.advance(timedelta(milliseconds=1))

    assert not taken_at_once
    assert not taken_early
    assert watch.is_free(lease)


def test_watch_starts_again_when_another_holder_appears() -> None:
    world = World()
    watch = LeaseWatch(world.clock)
    far = timedelta(hours=1)
    watch.is_free(_lease(world, dies_in=far))
    world.clock.advance(bounds.LEASE - timedelta(seconds=1))
    successor = _lease(world, dies_in=far)

    watch.is_free(successor)
    world.clock.advance(timedelta(seconds=2))

    assert not watch.is_free(successor)


def test_fifty_threads_make_one_exchange() -> None:
    world = World()
    answers: list[Source] = []

    def ask() -> None:
        answers.append(world.vend(world.environment()).answer.source)

    threads = [Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 50
    assert world.provider.exchanges == 1


@given(delays=st.integers(min_value=2, max_value=60))
def test_polls_are_jittered_and_never_slow(delays: int) -> None:
    world = World()
    lease = _lease(world)
    watch = LeaseWatch(world.clock)

    polls = [watch.next_delay(lease) for _ in range(delays)]

    assert polls[0] == pytest.approx(0.3)
    assert all(0 < poll <= 0.23 for poll in polls[1:])


def test_dead_holder_does_not_keep_an_overdue_token_from_being_replaced() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=1800 * 0.92))
    lease = _lease(world, dies_in=-bounds.CLOCK_SKEW)
    world.tokens.acquire_lease(KEY, lease, instead_of=None)

    assert world.vend(world.environment()).answer.source is Source.PROVIDER
