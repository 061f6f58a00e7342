"""The tables, or the key that opens them, are away."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.world import BILLING, DEFINITION, GRANT, REQUEST, World

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


def world_with_a_short_token(**changes: object) -> World:
    world = World(definition=replace(DEFINITION, **changes))  # type: ignore[arg-type]
    world.provider.expires_in = int(LIFE.total_seconds())
    return world


def test_memory_answers_for_the_grace_and_no_longer() -> None:
    world = World()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = AWAY
    grace = timedelta(seconds=bounds.OUTAGE_GRACE_SECONDS_DEFAULT)

    world.clock.advance(grace - timedelta(seconds=1))
    within = world.vend(environment)
    world.clock.advance(timedelta(seconds=1))
    with pytest.raises(TemporarilyUnavailableError):
        world.vend(environment)

    assert within.answer.source is Source.MEMORY
    assert within.failed is not None


def test_memory_that_answers_in_an_outage_still_checks_the_proof() -> None:
    world = World()
    world.reader.callers[BILLING.identity] = Caller(name="billing", unique_id=BILLING.unique_id)
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = AWAY
    world.clock.advance(timedelta(seconds=60))

    with pytest.raises(InvalidClientError):
        world.vend(environment, proof=replace(BILLING, unique_id="AROAANOTHERROLE000"))


def test_a_remembered_decision_exchanges_for_itself_when_its_token_runs_out() -> None:
    world = world_with_a_short_token()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = AWAY
    world.clock.advance(LIFE)

    answers = [world.vend(environment).answer for _ in range(3)]

    assert len({answer.token.access_token for answer in answers}) == 1
    assert not answers[0].token.is_expired(world.clock.now())
    assert world.provider.exchanges == 2


def test_an_outage_does_not_make_a_decision_younger() -> None:
    world = world_with_a_short_token()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = AWAY
    for _ in range(9):
        world.clock.advance(timedelta(seconds=100))
        if world.clock.now() >= world.clock.started + timedelta(seconds=900):
            break
        world.vend(environment)

    with pytest.raises(TemporarilyUnavailableError):
        world.vend(environment)


def test_exchanges_in_an_outage_are_rationed() -> None:
    world = world_with_a_short_token()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = AWAY
    world.clock.advance(LIFE)
    world.provider.is_away = True

    for _ in range(30):
        with pytest.raises(TemporarilyUnavailableError):
            world.vend(environment)
        world.clock.advance(timedelta(seconds=1))

    assert world.provider.exchanges == 1 + bounds.OUTAGE_EXCHANGES_A_MINUTE


def test_a_throttled_table_is_no_outage() -> None:
    world = world_with_a_short_token()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = StoreThrottledError("busy")

    held = world.vend(environment).answer.source
    world.clock.advance(LIFE)
    with pytest.raises(TemporarilyUnavailableError):
        world.vend(environment)

    assert held is Source.MEMORY
    assert world.provider.exchanges == 1


def test_one_key_that_cannot_be_read_is_no_outage() -> None:
    world = world_with_a_short_token()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with, world.reader.is_one_key_only = AWAY, True
    world.clock.advance(LIFE)

    with pytest.raises(TemporarilyUnavailableError):
        world.vend(environment)

    assert world.provider.exchanges == 1


def test_a_key_that_is_away_is_an_outage_whatever_the_table_says() -> None:
    world = world_with_a_short_token()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with, world.reader.is_one_key_only = KeyAwayError("away"), True
    world.clock.advance(LIFE)

    assert world.vend(environment).answer.source is Source.MEMORY
    assert world.provider.exchanges == 2


def test_a_single_active_token_is_not_exchanged_without_its_lease() -> None:
    world = world_with_a_short_token(
        single_active_token=True, scope_mode=ScopeMode.FIXED, scopes=frozenset({"jobs_read"})
    )
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = AWAY
    world.clock.advance(LIFE)

    with pytest.raises(TemporarilyUnavailableError):
        world.vend(environment)

    assert world.provider.exchanges == 1


def test_tables_that_were_away_a_moment_ago_are_not_waited_for() -> None:
    world = World()
    environment = world.environment(memory=timedelta(0))
    world.vend(environment)
    world.reader.fails_with = AWAY
    world.reader.lookups.clear()

    for _ in range(4):
        world.vend(environment)
    within = len(world.reader.lookups)
    world.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER)
    world.vend(environment)

    assert (within, len(world.reader.lookups)) == (1, 2)


def test_recovery_comes_by_itself() -> None:
    world = World()
    environment = world.environment(memory=timedelta(0))
    world.vend(environment)
    world.reader.fails_with = AWAY
    world.vend(environment)
    world.reader.fails_with = None
    world.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER)

    vended = world.vend(environment)

    assert vended.answer.source is Source.STORE
    assert vended.failed is None


def test_a_cold_environment_answers_nothing_without_the_tables() -> None:
    world = World()
    world.reader.fails_with = AWAY

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.vend(world.environment())

    assert caught.value.rule == "store.away"
    assert world.provider.exchanges == 0


def test_a_token_that_cannot_be_kept_is_not_fetched_again_at_each_check() -> None:
    world = World()
    world.tokens.cannot_seal = True
    environment = world.environment(memory=timedelta(0))

    sources = [world.vend(environment).answer.source for _ in range(5)]

    assert sources[0] is Source.PROVIDER
    assert world.provider.exchanges == 1


def test_secrets_manager_that_is_away_leaves_the_valid_token() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=1800 * 0.92))
    world.secrets.is_away = True

    vended = world.vend(world.environment())

    assert vended.answer.source is Source.STORE
    assert vended.failed is not None
    assert vended.failed.rule == "secret.away"


def test_a_wrong_secret_takes_from_nobody_what_an_outage_leaves() -> None:
    world = World()
    client = Proof(Entry.OAUTH2, "client:shop", client_secret=Secret("tv_right"))
    guesser = Proof(Entry.OAUTH2, "client:shop", client_secret=Secret("tv_guess"))
    world.reader.callers[client.identity] = Caller(name="billing")
    world.reader.grants[client.identity, "jobs"] = GRANT
    world.reader.client_secret_hashes[client.identity] = (Secret("tv_right").sha256,)
    environment = world.environment()
    world.vend(environment, proof=client)
    world.clock.advance(timedelta(seconds=31))
    with pytest.raises(InvalidClientError):
        world.vend(environment, proof=guesser)
    world.reader.fails_with = AWAY

    assert world.vend(environment, proof=client).answer.source is Source.MEMORY


def test_no_exchange_starts_in_an_outage_that_could_not_end_in_this_invocation() -> None:
    world = world_with_a_short_token()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = AWAY
    world.clock.advance(LIFE)

    with pytest.raises(TemporarilyUnavailableError):
        environment.vend(
            BILLING, REQUEST, time_left=bounds.EXCHANGE_NEEDS - timedelta(milliseconds=1)
        )
    assert world.provider.exchanges == 1
    environment.vend(BILLING, REQUEST, time_left=bounds.EXCHANGE_NEEDS)
    assert world.provider.exchanges == 2


def test_a_caller_keeps_to_its_limit_in_an_outage_too() -> None:
    world = World()
    world.reader.callers[BILLING.identity] = Caller(name="billing", requests_per_minute=2)
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = AWAY
    world.clock.advance(timedelta(seconds=60))
    world.vend(environment)
    world.vend(environment)

    with pytest.raises(TooManyRequestsError):
        world.vend(environment)
