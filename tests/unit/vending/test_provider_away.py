"""A provider that does not answer: recorded for the operator, and nothing is decided by it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import GRANT, Harness

from tokenvend.domain.answer import Source
from tokenvend.domain.errors import ProviderRefusedError, TemporarilyUnavailableError
from tokenvend.domain.request import VendRequest
from tokenvend.ports import SecretVersion

AWAY = json_response({}, status=503)
SCOPES = ("jobs_manage", "jobs_read")


def fail(harness: Harness, scope: str = "jobs_read") -> None:
    harness.provider.script(AWAY)
    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(harness.environment(), VendRequest("jobs", scopes=frozenset({scope})))


@pytest.fixture
def harness() -> Harness:
    harness = Harness(grant=replace(GRANT, scopes=frozenset(SCOPES)))
    harness.catalog.found = [SecretVersion("jobs", None, "")]
    return harness


def is_away(harness: Harness) -> bool:
    (swept,) = harness.parts().sweep.run()
    return swept.is_away


def test_an_outage_is_seen_whichever_token_met_it(harness: Harness) -> None:
    note_failed_read = harness.clock.now()
    fail(harness, SCOPES[0])
    harness.clock.advance(timedelta(hours=1))
    fail(harness, SCOPES[1])

    outage = harness.states.state("jobs").outage

    assert outage is not None
    assert (outage.since, outage.failures) == (note_failed_read, 2)
    assert is_away(harness)


def test_one_failure_is_not_yet_an_outage(harness: Harness) -> None:
    fail(harness)
    harness.clock.advance(timedelta(hours=5))

    assert not is_away(harness)


def test_an_exchange_that_succeeds_ends_it(harness: Harness) -> None:
    for _ in range(3):
        fail(harness)
        harness.clock.advance(timedelta(hours=1))
    assert is_away(harness)

    harness.vend(harness.environment(), VendRequest("jobs", scopes=frozenset(SCOPES[:1])))

    assert harness.states.state("jobs").outage is None
    assert not is_away(harness)


def test_a_provider_that_refuses_does_answer(harness: Harness) -> None:
    fail(harness)
    harness.clock.advance(timedelta(hours=1))
    harness.provider.script(json_response({"error": "invalid_scope"}, status=400))
    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment(), VendRequest("jobs", scopes=frozenset(SCOPES[:1])))

    assert harness.states.state("jobs").outage is None


def test_a_changed_secret_forgets_it(harness: Harness) -> None:
    for _ in range(2):
        fail(harness)
        harness.clock.advance(timedelta(hours=1))

    harness.catalog.found = [SecretVersion("jobs", None, "v2")]

    assert [is_away(harness), is_away(harness)] == [False, False]


def test_a_token_is_tried_when_its_own_failure_says_whatever_others_met(harness: Harness) -> None:
    for _ in range(3):
        fail(harness, SCOPES[0])
        harness.clock.advance(timedelta(hours=1))

    answer = harness.vend(harness.environment(), VendRequest("jobs", scopes=frozenset(SCOPES[1:])))

    assert answer.answer.source is Source.PROVIDER
