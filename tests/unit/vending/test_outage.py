"""The tables, or the key that opens them, are away: what is still answered."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.harness import BILLING, Harness
from tests.unit.vending.outages import AWAY, LIFE, harness_with_a_short_token

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.credential_definition import ScopeMode
from tokenvend.domain.errors import (
    InvalidClientError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.registry import Caller
from tokenvend.ports import KeyAwayError, StoreThrottledError


def test_memory_answers_for_the_grace_and_no_longer() -> None:
    harness = Harness()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    grace = timedelta(seconds=bounds.OUTAGE_GRACE_SECONDS_DEFAULT)

    harness.clock.advance(grace - timedelta(seconds=1))
    within = harness.vend(environment)
    harness.clock.advance(timedelta(seconds=1))
    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)

    assert within.answer.source is Source.MEMORY
    assert within.failed is not None


def test_memory_that_answers_in_an_outage_still_checks_the_proof() -> None:
    harness = Harness()
    harness.reader.callers[BILLING.identity] = Caller(name="billing", unique_id=BILLING.unique_id)
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.clock.advance(timedelta(seconds=60))

    with pytest.raises(InvalidClientError):
        harness.vend(environment, proof=replace(BILLING, unique_id="AROAANOTHERROLE000"))


def test_a_remembered_decision_exchanges_for_itself_when_its_token_runs_out() -> None:
    harness = harness_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.clock.advance(LIFE)

    answers = [harness.vend(environment).answer for _ in range(3)]

    assert len({answer.token.access_token for answer in answers}) == 1
    assert not answers[0].token.is_expired(harness.clock.now())
    assert harness.provider.exchanges == 2


def test_an_outage_does_not_make_a_decision_younger() -> None:
    harness = harness_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    for _ in range(9):
        harness.clock.advance(timedelta(seconds=100))
        if harness.clock.now() >= harness.clock.started + timedelta(seconds=900):
            break
        harness.vend(environment)

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)


def test_exchanges_in_an_outage_are_rationed() -> None:
    harness = harness_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.clock.advance(LIFE)
    harness.provider.is_away = True

    for _ in range(30):
        with pytest.raises(TemporarilyUnavailableError):
            harness.vend(environment)
        harness.clock.advance(timedelta(seconds=1))

    assert harness.provider.exchanges == 1 + bounds.OUTAGE_EXCHANGES_A_MINUTE


def test_a_throttled_table_is_no_outage() -> None:
    harness = harness_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = StoreThrottledError("busy")

    held = harness.vend(environment).answer.source
    harness.clock.advance(LIFE)
    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)

    assert held is Source.MEMORY
    assert harness.provider.exchanges == 1


def test_one_key_that_cannot_be_read_is_no_outage() -> None:
    harness = harness_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with, harness.reader.is_one_key_only = AWAY, True
    harness.clock.advance(LIFE)

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)

    assert harness.provider.exchanges == 1


def test_a_key_that_is_away_is_an_outage_whatever_the_table_says() -> None:
    harness = harness_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with, harness.reader.is_one_key_only = KeyAwayError("away"), True
    harness.clock.advance(LIFE)

    assert harness.vend(environment).answer.source is Source.MEMORY
    assert harness.provider.exchanges == 2


def test_a_single_active_token_is_not_exchanged_without_its_lease() -> None:
    harness = harness_with_a_short_token(
        single_active_token=True, scope_mode=ScopeMode.FIXED, scopes=frozenset({"jobs_read"})
    )
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.clock.advance(LIFE)

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)

    assert harness.provider.exchanges == 1
