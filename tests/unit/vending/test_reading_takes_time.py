"""A read that is slow, busy or in vain: from when memory counts, and how long is waited."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.connecting.refreshing import Refreshing
from tests.unit.vending.world import BILLING, INVOCATION, REQUEST, World

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.ports import Findings, Lookup, StoreThrottledError

OF_CONNECTION = replace(REQUEST, connection="acme")


def test_memory_is_trusted_from_before_the_read_that_checked_it() -> None:
    world = World()
    read = world.reader.read

    def slowly(lookup: Lookup) -> Findings:
        world.clock.advance(timedelta(seconds=5))
        return read(lookup)

    world.reader.read = slowly  # type: ignore[method-assign]
    environment = world.environment()
    world.vend(environment)
    world.clock.advance(timedelta(seconds=24.9))
    trusted = world.vend(environment).answer
    lookups = len(world.reader.lookups)
    world.clock.advance(timedelta(seconds=0.1))

    world.vend(environment)

    assert trusted.source is Source.MEMORY
    assert (lookups, len(world.reader.lookups)) == (1, 2)


def test_an_answer_from_memory_is_of_now() -> None:
    world = World()
    environment = world.environment()
    first = world.vend(environment).answer
    world.clock.advance(timedelta(seconds=7))

    second = world.vend(environment).answer

    assert second.answered_at == first.answered_at + timedelta(seconds=7)
    assert second.to_dict()["expires_in"] == int(
        (second.token.expires_at - world.clock.now()).total_seconds()
    )


@pytest.mark.parametrize(
    ("time_left", "most"),
    [(timedelta(seconds=5), 4.0), (INVOCATION, bounds.LEASE_WAIT.total_seconds())],
)
def test_a_busy_registry_is_waited_for_by_who_remembers_nothing(
    time_left: timedelta, most: float
) -> None:
    world = World()
    world.reader.fails_with = StoreThrottledError("busy")

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.environment().vend(BILLING, REQUEST, time_left=time_left)

    assert caught.value.rule == "store.away"
    assert most - 2 <= sum(world.clock.slept) <= most
    assert len(world.reader.lookups) > 2


def test_memory_answers_while_the_connections_are_away_and_they_are_not_asked_each_time() -> None:
    world = Refreshing()
    environment = world.environment()
    world.vend(environment, OF_CONNECTION)
    world.clock.advance(timedelta(seconds=31))
    world.connections.is_away = True
    world.reader.lookups.clear()

    answers = [world.vend(environment, OF_CONNECTION) for _ in range(3)]

    assert [vended.answer.source for vended in answers] == [Source.MEMORY] * 3
    assert all(vended.failed is not None for vended in answers)
    assert len(world.reader.lookups) == 1
    world.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER)
    world.vend(environment, OF_CONNECTION)
    assert len(world.reader.lookups) == 2


def test_connections_that_are_only_busy_are_asked_each_time() -> None:
    world = Refreshing()
    environment = world.environment()
    world.vend(environment, OF_CONNECTION)
    world.clock.advance(timedelta(seconds=31))
    world.connections.is_throttled = True
    world.reader.lookups.clear()

    for _ in range(3):
        assert world.vend(environment, OF_CONNECTION).answer.source is Source.MEMORY

    assert len(world.reader.lookups) == 3
