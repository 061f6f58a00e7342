"""Scheduled renewal: after the first request no other one waits while the token is in use."""

from datetime import timedelta

import pytest
from tests.unit.vending.harness import Harness
from tests.unit.vending.renewing import AGING, MINUTE, in_use, outcomes

from tokenvend.domain.answer import Source
from tokenvend.schedules.renewal import RenewalOutcome


def test_no_request_waits_after_the_first_while_the_token_is_in_use() -> None:
    harness = Harness()
    sources = []
    for minute in range(240):
        harness.clock.advance(MINUTE)
        outcomes(harness)
        sources += [harness.vend(harness.environment()).answer.source for _ in range(2)]
        assert harness.provider.exchanges <= 1 + minute // 20 + 1

    assert sources[0] is Source.PROVIDER
    assert set(sources[1:]) == {Source.STORE}


def test_a_lifetime_of_five_minutes_is_renewed_in_time_too() -> None:
    harness = Harness()
    harness.provider.expires_in = 300
    sources = []
    for second in range(0, 3600, 10):
        # The schedule comes at some second of each minute; here at its last ones.
        if second % 60 == 50:
            outcomes(harness)
        sources.append(harness.vend(harness.environment(memory=timedelta(0))).answer.source)
        harness.clock.advance(timedelta(seconds=10))

    assert sources.count(Source.PROVIDER) == 1


def test_what_nobody_asks_for_again_is_left_to_expire() -> None:
    harness = Harness()
    harness.vend(harness.environment())

    for _ in range(60):
        harness.clock.advance(MINUTE)
        assert outcomes(harness) == []

    assert harness.provider.exchanges == 1


def test_what_nobody_asks_for_any_more_is_renewed_once_and_then_left_to_expire() -> None:
    harness = Harness()
    in_use(harness)

    seen = []
    for _ in range(120):
        harness.clock.advance(MINUTE)
        seen += outcomes(harness)

    assert seen == [RenewalOutcome.RENEWED]
    assert harness.provider.exchanges == 2


def test_a_token_is_marked_as_asked_for_by_one_write() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(AGING)
    writes = harness.tokens.writes

    for _ in range(5):
        assert harness.vend(harness.environment()).answer.source is Source.STORE

    assert harness.tokens.writes == writes + 1


def test_many_requests_at_once_and_then_none_are_not_worth_a_renewal() -> None:
    harness = Harness()
    for _ in range(20):
        harness.vend(harness.environment())

    for _ in range(60):
        harness.clock.advance(MINUTE)
        assert outcomes(harness) == []

    assert harness.provider.exchanges == 1


def test_memory_lets_the_first_request_through_that_asks_for_the_next_token() -> None:
    harness = Harness()
    harness.provider.expires_in = 300
    environment = harness.environment()
    for second in range(0, 241, 20):
        if second % 60 == 40:
            outcomes(harness)
        # Each time again within 30 s: memory alone would never tell the table.
        assert second == 0 or harness.vend(environment).answer.source is not Source.PROVIDER
        harness.vend(environment)
        harness.clock.advance(timedelta(seconds=20))

    assert harness.provider.exchanges == 2, "made, and renewed by the schedule"


@pytest.mark.parametrize("lives", [300, 600, 1800])
def test_who_asks_first_when_the_schedule_comes_too_late_waits_and_nobody_after(
    lives: int,
) -> None:
    harness = Harness()
    harness.provider.expires_in = lives
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=lives * 0.863))
    first = harness.vend(harness.environment()).answer.source
    later = []
    for _ in range(lives // 20):
        harness.clock.advance(timedelta(seconds=10))
        later.append(harness.vend(harness.environment()).answer.source)

    assert first is Source.PROVIDER
    assert set(later) == {Source.STORE}


def test_a_mark_that_cannot_be_written_costs_the_request_nothing() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(AGING)
    environment = harness.environment()
    harness.tokens.refuses_writes = True

    assert harness.vend(environment).answer.source is Source.STORE
