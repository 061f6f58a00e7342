"""An outage of the tables, at each instant and number where what may be answered changes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.world import BILLING, GRANT, REQUEST, World

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    InvalidClientError,
    TemporarilyUnavailableError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.domain.registry import Caller
from tokenvend.domain.request import VendRequest
from tokenvend.ports import StoreAwayError, StoreThrottledError
from tokenvend.vending.exchange import Exchange
from tokenvend.vending.memory import Memory
from tokenvend.vending.outage import Outage
from tokenvend.vending.vendor import Vendor

AWAY = StoreAwayError("away")
INSTANT = timedelta(microseconds=1)


def remembering(
    request: VendRequest = REQUEST, *, expires_in: int = 200
) -> tuple[World, Vendor, timedelta]:
    """An environment that remembers one token, the tables away since, and the token's life."""
    world = World()
    world.provider.expires_in = expires_in
    environment = world.environment()
    token = world.vend(environment, request).answer.token
    world.reader.fails_with = AWAY
    return world, environment, token.expires_at - world.clock.now()


@pytest.mark.parametrize("min_ttl", [0, 60])
def test_a_remembered_token_is_answered_as_long_as_it_lasts_for_the_request(min_ttl: int) -> None:
    request = replace(REQUEST, min_ttl_seconds=min_ttl)
    world, environment, life = remembering(request)

    world.clock.advance(life - timedelta(seconds=min_ttl) - INSTANT)
    world.vend(environment, request)
    before = world.provider.exchanges
    world.clock.advance(INSTANT)
    world.vend(environment, request)

    assert (before, world.provider.exchanges) == (1, 2)


@pytest.mark.parametrize(
    ("later", "tries"),
    [
        (timedelta(seconds=60) - timedelta(milliseconds=1), 0),
        (timedelta(seconds=60), bounds.OUTAGE_EXCHANGES_A_MINUTE),
    ],
)
def test_exchanges_are_rationed_by_the_minute(later: timedelta, tries: int) -> None:
    world, environment, life = remembering()
    world.provider.is_away = True
    world.clock.advance(life)
    made = []
    for wait in (timedelta(0), later):
        world.clock.advance(wait)
        before = world.provider.exchanges
        for _ in range(2 * bounds.OUTAGE_EXCHANGES_A_MINUTE):
            with pytest.raises(TemporarilyUnavailableError):
                world.vend(environment)
        made.append(world.provider.exchanges - before)

    assert made == [bounds.OUTAGE_EXCHANGES_A_MINUTE, tries]


def test_an_exchange_that_fails_in_an_outage_is_told_with_its_caller() -> None:
    world, environment, life = remembering()
    world.provider.is_away = True
    world.clock.advance(life)

    with pytest.raises(TokenVendError) as caught:
        world.vend(environment)

    assert (caught.value.rule, caught.value.caller) == ("provider.away", "billing")


def test_what_was_refused_before_the_outage_is_not_answered_in_it() -> None:
    """A grant that is gone, seen gone, does not come back because the tables are away."""
    world = World()
    environment = world.environment()
    world.vend(environment)
    del world.reader.grants[BILLING.identity, "jobs"]
    world.clock.advance(timedelta(seconds=31))
    with pytest.raises(UnauthorizedClientError):
        world.vend(environment)
    world.reader.fails_with = AWAY

    with pytest.raises(TemporarilyUnavailableError):
        world.vend(environment)


def test_a_proof_that_fails_takes_from_the_caller_nothing_that_it_had() -> None:
    world = World()
    world.reader.callers[BILLING.identity] = Caller(name="billing", unique_id=BILLING.unique_id)
    environment = world.environment()
    world.vend(environment)
    world.clock.advance(timedelta(seconds=31))
    with pytest.raises(InvalidClientError):
        world.vend(environment, proof=replace(BILLING, unique_id="AROAANOTHERROLE000"))
    world.reader.fails_with = AWAY

    assert world.vend(environment).answer.source is Source.MEMORY


def test_a_token_of_an_outage_is_checked_as_soon_as_the_tables_are_back() -> None:
    world, environment, life = remembering()
    world.clock.advance(life)
    world.vend(environment)
    world.reader.fails_with = None
    del world.reader.grants[BILLING.identity, "jobs"]
    world.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER)

    with pytest.raises(UnauthorizedClientError):
        world.vend(environment)


def outage_of(world: World) -> Outage:
    memory = Memory(trust=timedelta(seconds=30), outage_grace=timedelta(seconds=900))
    exchange = Exchange(secrets=world.secrets, provider=world.provider, clock=world.clock)
    return Outage(reader=world.reader, exchange=exchange, memory=memory, clock=world.clock)


def test_tables_that_were_away_are_read_again_after_their_time() -> None:
    world = World()
    outage, key = outage_of(world), (BILLING.identity, REQUEST)

    outage.began(key, AWAY)
    assert outage.is_on(key)
    world.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER - INSTANT)
    assert outage.is_on(key)
    assert not outage.is_on((BILLING.identity, VendRequest("other")))
    world.clock.advance(INSTANT)
    assert not outage.is_on(key)


def test_a_busy_table_is_read_again_at_once() -> None:
    world = World()
    outage, key = outage_of(world), (BILLING.identity, REQUEST)

    outage.began(key, StoreThrottledError("busy"))

    assert not outage.is_on(key)


def test_an_outage_is_remembered_for_so_many_requests_and_no_more() -> None:
    outage = outage_of(World())
    keys = [
        (BILLING.identity, VendRequest("jobs", min_ttl_seconds=number))
        for number in range(bounds.MEMORY_ENTRIES + 1)
    ]
    for key in keys[:-1]:
        outage.began(key, AWAY)
    assert outage.is_on(keys[0])

    outage.began(keys[-1], AWAY)

    assert not outage.is_on(keys[0])
    assert outage.is_on(keys[-1])


def test_what_cannot_be_answered_without_the_tables_says_so() -> None:
    world = World()
    world.reader.fails_with = AWAY

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.vend(world.environment())

    assert caught.value.rule == "store.away"
    assert caught.value.description == "The tables do not answer; ask again."


def test_the_token_of_an_outage_is_kept_for_the_caller_and_its_grant() -> None:
    world, environment, life = remembering()
    world.clock.advance(life)

    vended = world.vend(environment)

    assert vended.decision.grant == GRANT
    assert vended.failed is not None
    assert vended.failed.rule == "store.away"
    assert world.vend(environment).answer.token == vended.answer.token
