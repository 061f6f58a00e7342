"""What a lease says of its holder, and that it ends where nothing is exchanged."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.world import BILLING, REQUEST, World

from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.ports import TokenItem


def test_a_lease_says_when_its_holder_is_done_and_when_it_is_dead() -> None:
    world = World()
    seen: list[Lease | None] = []

    def look(_: object) -> None:
        (item,) = world.tokens.everything().values()
        seen.append(item.lease)

    world.provider.before_answer = look
    started = world.clock.now()

    world.environment().vend(BILLING, REQUEST, time_left=timedelta(seconds=17))

    (lease,) = seen
    assert lease is not None
    assert lease.dies_at == started + timedelta(seconds=17)
    assert lease.expected_done_at == started + timedelta(milliseconds=300)
    (item,) = world.tokens.everything().values()
    assert item.lease is None


def test_a_lease_that_came_too_late_is_ended_at_once() -> None:
    """Another environment has replaced the token between our read and our lease."""
    world = World()
    first = world.vend(world.environment())
    key, token = first.decision.key, first.answer.token
    world.clock.advance(timedelta(seconds=1800 * 0.92))
    acquire = world.tokens.acquire_lease

    def after_another(key: str, lease: Lease, *, instead_of: Lease | None) -> TokenItem | None:
        now = world.clock.now()
        newer = replace(token, requested_at=now, expires_at=now + timedelta(minutes=30))
        world.tokens.seed(key, replace(world.tokens.read(key), token=newer, is_asked=True))
        return acquire(key, lease, instead_of=instead_of)

    world.tokens.acquire_lease = after_another  # type: ignore[method-assign]

    vended = world.vend(world.environment())

    assert vended.answer.source is Source.STORE
    assert world.provider.exchanges == 1
    assert world.tokens.read(key).lease is None


def test_a_waiter_learns_of_the_holders_failure() -> None:
    world = World()
    key, now = world.vend(world.environment()).decision.key, world.clock.now()
    held = new_lease(
        now=now, dies_at=now + timedelta(hours=1), expected=timedelta(milliseconds=100)
    )
    world.tokens.seed(key, TokenItem(lease=held))
    retry_at = now + timedelta(seconds=9)

    def fails(_: object, seconds: float) -> None:
        world.clock.sleep(seconds)
        failure = Failure(provider_error=None, count=1, retry_at=retry_at)
        world.tokens.seed(key, TokenItem(failure=failure))

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.vend(world.environment(pause=fails))

    assert caught.value.rule == "provider.backoff"
    assert caught.value.retry_after_seconds == 9
    assert world.provider.exchanges == 1
