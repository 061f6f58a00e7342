"""The tables, or the key that opens them, are away."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, REQUEST, Harness

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    InvalidClientError,
    TemporarilyUnavailableError,
    TooManyRequestsError,
)
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.registry import Caller, ScopeMode
from tokenvend.domain.secret import Secret
from tokenvend.ports import KeyAwayError, StoreAwayError, StoreThrottledError

AWAY = StoreAwayError("away")
LIFE = timedelta(seconds=120)


def world_with_a_short_token(**changes: object) -> Harness:
    harness = Harness(definition=replace(DEFINITION, **changes))  # type: ignore[arg-type]
    harness.provider.expires_in = int(LIFE.total_seconds())
    return harness


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
    harness = world_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.clock.advance(LIFE)

    answers = [harness.vend(environment).answer for _ in range(3)]

    assert len({answer.token.access_token for answer in answers}) == 1
    assert not answers[0].token.is_expired(harness.clock.now())
    assert harness.provider.exchanges == 2


def test_an_outage_does_not_make_a_decision_younger() -> None:
    harness = world_with_a_short_token()
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
    harness = world_with_a_short_token()
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
    harness = world_with_a_short_token()
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
    harness = world_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with, harness.reader.is_one_key_only = AWAY, True
    harness.clock.advance(LIFE)

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)

    assert harness.provider.exchanges == 1


def test_a_key_that_is_away_is_an_outage_whatever_the_table_says() -> None:
    harness = world_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with, harness.reader.is_one_key_only = KeyAwayError("away"), True
    harness.clock.advance(LIFE)

    assert harness.vend(environment).answer.source is Source.MEMORY
    assert harness.provider.exchanges == 2


def test_a_single_active_token_is_not_exchanged_without_its_lease() -> None:
    harness = world_with_a_short_token(
        single_active_token=True, scope_mode=ScopeMode.FIXED, scopes=frozenset({"jobs_read"})
    )
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.clock.advance(LIFE)

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)

    assert harness.provider.exchanges == 1


def test_tables_that_were_away_a_moment_ago_are_not_waited_for() -> None:
    harness = Harness()
    environment = harness.environment(memory=timedelta(0))
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.reader.lookups.clear()

    for _ in range(4):
        harness.vend(environment)
    within = len(harness.reader.lookups)
    harness.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER)
    harness.vend(environment)

    assert (within, len(harness.reader.lookups)) == (1, 2)


def test_recovery_comes_by_itself() -> None:
    harness = Harness()
    environment = harness.environment(memory=timedelta(0))
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.vend(environment)
    harness.reader.fails_with = None
    harness.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER)

    vended = harness.vend(environment)

    assert vended.answer.source is Source.STORE
    assert vended.failed is None


def test_a_cold_environment_answers_nothing_without_the_tables() -> None:
    harness = Harness()
    harness.reader.fails_with = AWAY

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "store.away"
    assert harness.provider.exchanges == 0


def test_a_token_that_cannot_be_kept_is_not_fetched_again_at_each_check() -> None:
    harness = Harness()
    harness.tokens.cannot_seal = True
    environment = harness.environment(memory=timedelta(0))

    sources = [harness.vend(environment).answer.source for _ in range(5)]

    assert sources[0] is Source.PROVIDER
    assert harness.provider.exchanges == 1


def test_secrets_manager_that_is_away_leaves_the_valid_token() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.92))
    harness.secrets.is_away = True

    vended = harness.vend(harness.environment())

    assert vended.answer.source is Source.STORE
    assert vended.failed is not None
    assert vended.failed.rule == "secret.away"


def test_a_wrong_secret_takes_from_nobody_what_an_outage_leaves() -> None:
    harness = Harness()
    client = Proof(Entry.OAUTH2, "client:shop", client_secret=Secret("tv_right"))
    guesser = Proof(Entry.OAUTH2, "client:shop", client_secret=Secret("tv_guess"))
    harness.reader.callers[client.identity] = Caller(name="billing")
    harness.reader.grants[client.identity, "jobs"] = GRANT
    harness.reader.client_secret_hashes[client.identity] = (Secret("tv_right").sha256,)
    environment = harness.environment()
    harness.vend(environment, proof=client)
    harness.clock.advance(timedelta(seconds=31))
    with pytest.raises(InvalidClientError):
        harness.vend(environment, proof=guesser)
    harness.reader.fails_with = AWAY

    assert harness.vend(environment, proof=client).answer.source is Source.MEMORY


def test_no_exchange_starts_in_an_outage_that_could_not_end_in_this_invocation() -> None:
    harness = world_with_a_short_token()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.clock.advance(LIFE)

    with pytest.raises(TemporarilyUnavailableError):
        environment.vend(
            BILLING, REQUEST, time_left=bounds.EXCHANGE_NEEDS - timedelta(milliseconds=1)
        )
    assert harness.provider.exchanges == 1
    environment.vend(BILLING, REQUEST, time_left=bounds.EXCHANGE_NEEDS)
    assert harness.provider.exchanges == 2


def test_a_caller_keeps_to_its_limit_in_an_outage_too() -> None:
    harness = Harness()
    harness.reader.callers[BILLING.identity] = Caller(name="billing", requests_per_minute=2)
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = AWAY
    harness.clock.advance(timedelta(seconds=60))
    harness.vend(environment)
    harness.vend(environment)

    with pytest.raises(TooManyRequestsError):
        harness.vend(environment)
