"""A provider that does not answer: kept for the operator, and nothing is decided by it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.world import GRANT, World

from tokenvend.domain.answer import Source
from tokenvend.domain.errors import ProviderRefusedError, TemporarilyUnavailableError
from tokenvend.domain.request import VendRequest
from tokenvend.ports import SecretVersion

AWAY = json_response({}, status=503)
SCOPES = ("jobs_manage", "jobs_read")


def fail(world: World, scope: str = "jobs_read") -> None:
    world.provider.script(AWAY)
    with pytest.raises(TemporarilyUnavailableError):
        world.vend(world.environment(), VendRequest("jobs", scopes=frozenset({scope})))


@pytest.fixture
def world() -> World:
    world = World(grant=replace(GRANT, scopes=frozenset(SCOPES)))
    world.catalog.found = [SecretVersion("jobs", None, "")]
    return world


def is_away(world: World) -> bool:
    (swept,) = world.parts().sweep.run()
    return swept.is_away


def test_an_outage_is_seen_whichever_token_met_it(world: World) -> None:
    began = world.clock.now()
    fail(world, SCOPES[0])
    world.clock.advance(timedelta(hours=1))
    fail(world, SCOPES[1])

    outage = world.states.state("jobs").outage

    assert outage is not None
    assert (outage.since, outage.failures) == (began, 2)
    assert is_away(world)


def test_one_failure_is_not_yet_an_outage(world: World) -> None:
    fail(world)
    world.clock.advance(timedelta(hours=5))

    assert not is_away(world)


def test_an_exchange_that_succeeds_ends_it(world: World) -> None:
    for _ in range(3):
        fail(world)
        world.clock.advance(timedelta(hours=1))
    assert is_away(world)

    world.vend(world.environment(), VendRequest("jobs", scopes=frozenset(SCOPES[:1])))

    assert world.states.state("jobs").outage is None
    assert not is_away(world)


def test_a_provider_that_refuses_does_answer(world: World) -> None:
    fail(world)
    world.clock.advance(timedelta(hours=1))
    world.provider.script(json_response({"error": "invalid_scope"}, status=400))
    with pytest.raises(ProviderRefusedError):
        world.vend(world.environment(), VendRequest("jobs", scopes=frozenset(SCOPES[:1])))

    assert world.states.state("jobs").outage is None


def test_a_changed_secret_forgets_it(world: World) -> None:
    for _ in range(2):
        fail(world)
        world.clock.advance(timedelta(hours=1))

    world.catalog.found = [SecretVersion("jobs", None, "v2")]

    assert [is_away(world), is_away(world)] == [False, False]


def test_a_token_is_tried_when_its_own_failure_says_whatever_others_met(world: World) -> None:
    for _ in range(3):
        fail(world, SCOPES[0])
        world.clock.advance(timedelta(hours=1))

    answer = world.vend(world.environment(), VendRequest("jobs", scopes=frozenset(SCOPES[1:])))

    assert answer.answer.source is Source.PROVIDER
