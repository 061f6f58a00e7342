"""A read that is slow, busy or in vain: from when memory counts, and how long is waited."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.consent.refreshing import Refreshing
from tests.unit.vending.harness import BILLING, INVOCATION, REQUEST, Harness

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.ports import Lookup, LookupResult, StoreThrottledError

OF_CONNECTION = replace(REQUEST, connection="acme")


def test_memory_is_trusted_from_before_the_read_that_checked_it() -> None:
    harness = Harness()
    read = harness.reader.read

    def slowly(lookup: Lookup) -> LookupResult:
        harness.clock.advance(timedelta(seconds=5))
        return read(lookup)

    harness.reader.read = slowly  # type: ignore[method-assign]
    environment = harness.environment()
    harness.vend(environment)
    harness.clock.advance(timedelta(seconds=24.9))
    trusted = harness.vend(environment).answer
    lookups = len(harness.reader.lookups)
    harness.clock.advance(timedelta(seconds=0.1))

    harness.vend(environment)

    assert trusted.source is Source.MEMORY
    assert (lookups, len(harness.reader.lookups)) == (1, 2)


def test_an_answer_from_memory_is_of_now() -> None:
    harness = Harness()
    environment = harness.environment()
    first = harness.vend(environment).answer
    harness.clock.advance(timedelta(seconds=7))

    second = harness.vend(environment).answer

    assert second.answered_at == first.answered_at + timedelta(seconds=7)
    assert second.to_dict()["expires_in"] == int(
        (second.token.expires_at - harness.clock.now()).total_seconds()
    )


@pytest.mark.parametrize(
    ("time_left", "most"),
    [(timedelta(seconds=5), 4.0), (INVOCATION, bounds.LEASE_WAIT.total_seconds())],
)
def test_a_busy_registry_is_waited_for_by_who_remembers_nothing(
    time_left: timedelta, most: float
) -> None:
    harness = Harness()
    harness.reader.fails_with = StoreThrottledError("busy")

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.environment().vend(BILLING, REQUEST, time_left=time_left)

    assert caught.value.rule == "store.away"
    assert most - 2 <= sum(harness.clock.slept) <= most
    assert len(harness.reader.lookups) > 2


def test_memory_answers_while_the_connections_are_away_and_they_are_not_asked_each_time() -> None:
    harness = Refreshing()
    environment = harness.environment()
    harness.vend(environment, OF_CONNECTION)
    harness.clock.advance(timedelta(seconds=31))
    harness.connections.is_away = True
    harness.reader.lookups.clear()

    answers = [harness.vend(environment, OF_CONNECTION) for _ in range(3)]

    assert [vended.answer.source for vended in answers] == [Source.MEMORY] * 3
    assert all(vended.failed is not None for vended in answers)
    assert len(harness.reader.lookups) == 1
    harness.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER)
    harness.vend(environment, OF_CONNECTION)
    assert len(harness.reader.lookups) == 2


def test_connections_that_are_only_busy_are_asked_each_time() -> None:
    harness = Refreshing()
    environment = harness.environment()
    harness.vend(environment, OF_CONNECTION)
    harness.clock.advance(timedelta(seconds=31))
    harness.connections.is_throttled = True
    harness.reader.lookups.clear()

    for _ in range(3):
        assert harness.vend(environment, OF_CONNECTION).answer.source is Source.MEMORY

    assert len(harness.reader.lookups) == 3
