"""How an outage ends, and what it does not excuse."""

from datetime import timedelta

import pytest
from tests.unit.vending.harness import BILLING, GRANT, REQUEST, Harness
from tests.unit.vending.outages import AWAY, LIFE, harness_with_a_short_token

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    InvalidClientError,
    TemporarilyUnavailableError,
    TooManyRequestsError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import Caller
from tokenvend.domain.secret import Secret


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
    client = Proof(EntryPoint.OAUTH2, "client:shop", client_secret=Secret("tv_right"))
    guesser = Proof(EntryPoint.OAUTH2, "client:shop", client_secret=Secret("tv_guess"))
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
    harness = harness_with_a_short_token()
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
