"""The tokens table fails while a token is being had: what is answered, and what is said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.world import BILLING, INVOCATION, REQUEST, World

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.ports import Clock, TokenItem
from tokenvend.vending.wait import Pause

OVERDUE = timedelta(seconds=1800 * 0.92)


def with_overdue_token() -> World:
    world = World()
    world.vend(world.environment())
    world.clock.advance(OVERDUE)
    return world


def key_of(world: World) -> str:
    return world.vend(world.environment()).decision.key


def test_a_valid_token_is_answered_where_no_lease_can_be_written_and_the_trouble_is_told() -> None:
    world = with_overdue_token()
    world.tokens.refuses_writes = True

    vended = world.vend(world.environment())

    assert vended.answer.source is Source.STORE
    assert vended.failed is not None
    assert vended.failed.rule == "store.away"
    assert vended.failed.description == "The token store does not answer; ask again."
    assert world.provider.exchanges == 1


def test_without_a_valid_token_it_is_said() -> None:
    world = World()
    world.tokens.refuses_writes = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.vend(world.environment())

    assert caught.value.rule == "store.away"
    assert caught.value.description == "The token store does not answer; ask again."
    assert world.provider.exchanges == 0


def test_a_token_that_an_api_refused_beats_none() -> None:
    world = World()
    key = key_of(world)
    item = world.tokens.read(key)
    world.tokens.seed(key, replace(item, is_rejected=True))
    world.tokens.refuses_writes = True

    vended = world.vend(world.environment())

    assert vended.answer.token == item.token
    assert vended.failed is not None


def taking(world: World, seconds: float) -> Callable[..., TokenItem | None]:
    """A lease that is lost, after so long: somebody else had it, and has ended it."""
    acquire = world.tokens.acquire_lease

    def lost(key: str, lease: Lease, *, instead_of: Lease | None) -> TokenItem | None:
        del key, lease, instead_of
        world.tokens.acquire_lease = acquire  # type: ignore[method-assign]
        world.clock.advance(timedelta(seconds=seconds))
        return None

    return lost


def test_a_token_that_runs_out_while_a_lease_is_lost_is_replaced_after_all() -> None:
    world = with_overdue_token()
    world.clock.advance(timedelta(seconds=1800 * 0.08 - 30 - 1))
    world.tokens.acquire_lease = taking(world, 2)  # type: ignore[method-assign]

    vended = world.vend(world.environment())

    assert vended.answer.source is Source.PROVIDER
    assert not vended.answer.token.is_expired(world.clock.now())


def test_a_token_that_lasts_is_answered_when_a_lease_is_lost() -> None:
    world = with_overdue_token()
    world.tokens.acquire_lease = taking(world, 2)  # type: ignore[method-assign]

    vended = world.vend(world.environment())

    assert vended.answer.source is Source.STORE
    assert vended.failed is None


def gets_busy(world: World) -> Pause:
    """A pause after which the table asks for patience."""

    def pause(clock: Clock, seconds: float) -> None:
        clock.sleep(seconds)
        world.tokens.is_throttled = True

    return pause


@pytest.mark.parametrize(
    ("time_left", "waited"),
    [(timedelta(seconds=5), timedelta(seconds=4)), (INVOCATION, bounds.LEASE_WAIT)],
)
def test_a_table_that_gets_busy_while_a_request_waits_is_not_waited_for_any_longer(
    time_left: timedelta, waited: timedelta
) -> None:
    world = World()
    key, now = key_of(world), world.clock.now()
    held = new_lease(now=now, dies_at=now + timedelta(hours=1), expected=timedelta(seconds=1))
    world.tokens.seed(key, TokenItem(lease=held))
    environment = world.environment(pause=gets_busy(world))
    started = world.clock.monotonic()

    with pytest.raises(TemporarilyUnavailableError) as caught:
        environment.vend(BILLING, REQUEST, time_left=time_left)

    assert caught.value.rule == "store.away"
    took = timedelta(seconds=world.clock.monotonic() - started)
    assert waited - timedelta(seconds=2) <= took <= waited


def test_who_gives_up_says_that_another_is_at_it() -> None:
    world = World()
    world.tokens.acquire_lease = lambda *_, **__: None  # type: ignore[method-assign]

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.vend(world.environment())

    assert caught.value.rule == "lease.wait"
    assert caught.value.description == (
        "Another request is fetching this token and is not done yet; ask again."
    )
