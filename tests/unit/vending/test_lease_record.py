"""What a lease says of its holder, and that it ends where nothing is exchanged."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.harness import BILLING, REQUEST, Harness

from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.ports import TokenItem


def test_a_lease_says_when_its_holder_is_done_and_when_it_is_dead() -> None:
    harness = Harness()
    seen: list[Lease | None] = []

    def look(_: object) -> None:
        (item,) = harness.tokens.everything().values()
        seen.append(item.lease)

    harness.provider.before_answer = look
    started = harness.clock.now()

    harness.environment().vend(BILLING, REQUEST, time_left=timedelta(seconds=17))

    (lease,) = seen
    assert lease is not None
    assert lease.deadline_at == started + timedelta(seconds=17)
    assert lease.expected_done_at == started + timedelta(milliseconds=300)
    (item,) = harness.tokens.everything().values()
    assert item.lease is None


def test_a_lease_that_came_too_late_is_ended_at_once() -> None:
    """Another environment has replaced the token between our read and our lease."""
    harness = Harness()
    first = harness.vend(harness.environment())
    key, token = first.decision.key, first.answer.token
    harness.clock.advance(timedelta(seconds=1800 * 0.92))
    acquire = harness.tokens.acquire_lease

    def after_another(key: str, lease: Lease, *, instead_of: Lease | None) -> TokenItem | None:
        now = harness.clock.now()
        newer = replace(token, requested_at=now, expires_at=now + timedelta(minutes=30))
        harness.tokens.seed(key, replace(harness.tokens.read(key), token=newer, is_in_use=True))
        return acquire(key, lease, instead_of=instead_of)

    harness.tokens.acquire_lease = after_another  # type: ignore[method-assign]

    vended = harness.vend(harness.environment())

    assert vended.answer.source is Source.STORE
    assert harness.provider.exchanges == 1
    assert harness.tokens.read(key).lease is None


def test_a_waiter_learns_of_the_holders_failure() -> None:
    harness = Harness()
    key, now = harness.vend(harness.environment()).decision.key, harness.clock.now()
    held = new_lease(
        now=now, deadline_at=now + timedelta(hours=1), expected_duration=timedelta(milliseconds=100)
    )
    harness.tokens.seed(key, TokenItem(lease=held))
    retry_at = now + timedelta(seconds=9)

    def fails(_: object, seconds: float) -> None:
        harness.clock.sleep(seconds)
        failure = Failure(provider_error=None, count=1, retry_at=retry_at)
        harness.tokens.seed(key, TokenItem(failure=failure))

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment(pause=fails))

    assert caught.value.rule == "provider.backoff"
    assert caught.value.retry_after_seconds == 9
    assert harness.provider.exchanges == 1
