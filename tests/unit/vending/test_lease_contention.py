"""Many environments and one missing token: who exchanges, who waits, who takes over."""

from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.unit.vending.harness import BILLING as BILLING_PROOF
from tests.unit.vending.harness import DEFINITION, GRANT, INVOCATION, Harness
from tests.unit.vending.harness import REQUEST as REQUEST_JOBS

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.ports import Clock, TokenItem
from tokenvend.vending.lease_wait import LeaseWatch

KEY = TokenSpec(credential="jobs", definition=DEFINITION.fingerprint, scopes=GRANT.scopes).key()


def _lease(harness: Harness, *, deadline_in: timedelta = INVOCATION) -> Lease:
    now = harness.clock.now()
    return new_lease(
        now=now, deadline_at=now + deadline_in, expected_duration=timedelta(milliseconds=300)
    )


def test_waiter_answers_what_the_holder_stored() -> None:
    harness = Harness()
    holder = harness.environment()
    lease = _lease(harness)
    harness.tokens.seed(KEY, TokenItem(lease=lease))
    done: list[object] = []

    def holder_finishes(clock: Clock, seconds: float) -> None:
        clock.sleep(seconds)
        if not done:
            harness.tokens.release_lease(KEY, lease=lease, failure=None)
            done.append(harness.vend(holder))

    answer = harness.vend(harness.environment(pause=holder_finishes)).answer

    assert answer.source is Source.STORE
    assert harness.provider.exchanges == 1


def test_waiter_takes_over_a_lease_that_stood_too_long() -> None:
    harness = Harness()
    dead = _lease(harness, deadline_in=timedelta(hours=1))
    harness.tokens.seed(KEY, TokenItem(lease=dead))
    environment = harness.environment()

    answer = environment.vend(BILLING_PROOF, REQUEST_JOBS, time_left=timedelta(seconds=60)).answer

    assert answer.source is Source.PROVIDER
    waited = sum(harness.clock.slept)
    assert bounds.LEASE.total_seconds() <= waited < bounds.LEASE.total_seconds() + 1


def test_lease_of_a_recorded_death_is_taken_over_at_once() -> None:
    harness = Harness()
    harness.tokens.seed(KEY, TokenItem(lease=_lease(harness, deadline_in=-bounds.CLOCK_SKEW)))

    answer = harness.vend(harness.environment()).answer

    assert answer.source is Source.PROVIDER
    assert sum(harness.clock.slept) == pytest.approx(0.0)


def test_waiter_gives_up_when_its_own_time_is_short() -> None:
    harness = Harness()
    harness.tokens.seed(KEY, TokenItem(lease=_lease(harness)))

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "lease.wait"
    assert harness.provider.exchanges == 0


@given(skew=st.timedeltas(min_value=timedelta(minutes=-5), max_value=timedelta(minutes=5)))
def test_wrong_wall_clock_steals_no_lease_that_is_alive(skew: timedelta) -> None:
    """A live holder dies at most an invocation from now; the allowance covers 30 s of skew."""
    harness = Harness()
    lease = _lease(harness, deadline_in=timedelta(minutes=5))
    wrong = FakeClock(harness.clock.now() + skew)
    watch = LeaseWatch(wrong)

    taken_at_once = watch.is_free(lease)
    wrong.advance(bounds.LEASE - timedelta(milliseconds=1))
    taken_early = watch.is_free(lease) and skew < timedelta(minutes=5)
    wrong.advance(timedelta(milliseconds=1))

    assert not taken_at_once
    assert not taken_early
    assert watch.is_free(lease)


def test_watch_starts_again_when_another_holder_appears() -> None:
    harness = Harness()
    watch = LeaseWatch(harness.clock)
    far = timedelta(hours=1)
    watch.is_free(_lease(harness, deadline_in=far))
    harness.clock.advance(bounds.LEASE - timedelta(seconds=1))
    successor = _lease(harness, deadline_in=far)

    watch.is_free(successor)
    harness.clock.advance(timedelta(seconds=2))

    assert not watch.is_free(successor)


def test_fifty_threads_make_one_exchange() -> None:
    harness = Harness()
    answers: list[Source] = []

    def ask() -> None:
        answers.append(harness.vend(harness.environment()).answer.source)

    threads = [Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 50
    assert harness.provider.exchanges == 1


@given(delays=st.integers(min_value=2, max_value=60))
def test_polls_are_jittered_and_never_slow(delays: int) -> None:
    harness = Harness()
    lease = _lease(harness)
    watch = LeaseWatch(harness.clock)

    polls = [watch.next_delay(lease) for _ in range(delays)]

    assert polls[0] == pytest.approx(0.3)
    assert all(0 < poll <= 0.23 for poll in polls[1:])


def test_dead_holder_does_not_keep_an_overdue_token_from_being_replaced() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.92))
    lease = _lease(harness, deadline_in=-bounds.CLOCK_SKEW)
    harness.tokens.acquire_lease(KEY, lease, instead_of=None)

    assert harness.vend(harness.environment()).answer.source is Source.PROVIDER
