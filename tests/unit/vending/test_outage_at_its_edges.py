"""An outage of the tables, at each instant and number where what may be answered changes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.harness import BILLING, GRANT, REQUEST, Harness

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
from tokenvend.vending.exchange import ClientExchange
from tokenvend.vending.memory import Memory
from tokenvend.vending.store_outage import StoreOutage
from tokenvend.vending.vendor import Vendor

AWAY = StoreAwayError("away")
INSTANT = timedelta(microseconds=1)


def remembering(
    request: VendRequest = REQUEST, *, expires_in: int = 200
) -> tuple[Harness, Vendor, timedelta]:
    """An environment that remembers one token, the tables away since, and the token's life."""
    harness = Harness()
    harness.provider.expires_in = expires_in
    environment = harness.environment()
    token = harness.vend(environment, request).answer.token
    harness.reader.fails_with = AWAY
    return harness, environment, token.expires_at - harness.clock.now()


@pytest.mark.parametrize("min_ttl", [0, 60])
def test_a_remembered_token_is_answered_as_long_as_it_lasts_for_the_request(min_ttl: int) -> None:
    request = replace(REQUEST, min_ttl_seconds=min_ttl)
    harness, environment, life = remembering(request)

    harness.clock.advance(life - timedelta(seconds=min_ttl) - INSTANT)
    harness.vend(environment, request)
    before = harness.provider.exchanges
    harness.clock.advance(INSTANT)
    harness.vend(environment, request)

    assert (before, harness.provider.exchanges) == (1, 2)


@pytest.mark.parametrize(
    ("later", "tries"),
    [
        (timedelta(seconds=60) - timedelta(milliseconds=1), 0),
        (timedelta(seconds=60), bounds.OUTAGE_EXCHANGES_A_MINUTE),
    ],
)
def test_exchanges_are_rationed_by_the_minute(later: timedelta, tries: int) -> None:
    harness, environment, life = remembering()
    harness.provider.is_away = True
    harness.clock.advance(life)
    made = []
    for wait in (timedelta(0), later):
        harness.clock.advance(wait)
        before = harness.provider.exchanges
        for _ in range(2 * bounds.OUTAGE_EXCHANGES_A_MINUTE):
            with pytest.raises(TemporarilyUnavailableError):
                harness.vend(environment)
        made.append(harness.provider.exchanges - before)

    assert made == [bounds.OUTAGE_EXCHANGES_A_MINUTE, tries]


def test_an_exchange_that_fails_in_an_outage_is_told_with_its_caller() -> None:
    harness, environment, life = remembering()
    harness.provider.is_away = True
    harness.clock.advance(life)

    with pytest.raises(TokenVendError) as caught:
        harness.vend(environment)

    assert (caught.value.rule, caught.value.caller) == ("provider.away", "billing")


def test_what_was_refused_before_the_outage_is_not_answered_in_it() -> None:
    """A grant that is gone, seen gone, does not come back because the tables are away."""
    harness = Harness()
    environment = harness.environment()
    harness.vend(environment)
    del harness.reader.grants[BILLING.identity, "jobs"]
    harness.clock.advance(timedelta(seconds=31))
    with pytest.raises(UnauthorizedClientError):
        harness.vend(environment)
    harness.reader.fails_with = AWAY

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)


def test_a_proof_that_fails_takes_from_the_caller_nothing_that_it_had() -> None:
    harness = Harness()
    harness.reader.callers[BILLING.identity] = Caller(name="billing", unique_id=BILLING.unique_id)
    environment = harness.environment()
    harness.vend(environment)
    harness.clock.advance(timedelta(seconds=31))
    with pytest.raises(InvalidClientError):
        harness.vend(environment, proof=replace(BILLING, unique_id="AROAANOTHERROLE000"))
    harness.reader.fails_with = AWAY

    assert harness.vend(environment).answer.source is Source.MEMORY


def test_a_token_of_an_outage_is_checked_as_soon_as_the_tables_are_back() -> None:
    harness, environment, life = remembering()
    harness.clock.advance(life)
    harness.vend(environment)
    harness.reader.fails_with = None
    del harness.reader.grants[BILLING.identity, "jobs"]
    harness.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER)

    with pytest.raises(UnauthorizedClientError):
        harness.vend(environment)


def outage_of(harness: Harness) -> StoreOutage:
    memory = Memory(trust=timedelta(seconds=30), outage_grace=timedelta(seconds=900))
    exchange = ClientExchange(
        secrets=harness.secrets,
        provider=harness.provider,
        signer=harness.signer,
        clock=harness.clock,
    )
    return StoreOutage(reader=harness.reader, exchange=exchange, memory=memory, clock=harness.clock)


def test_tables_that_were_away_are_read_again_after_their_time() -> None:
    harness = Harness()
    outage, key = outage_of(harness), (BILLING.identity, REQUEST)

    outage.note_failed_read(key, AWAY)
    assert outage.is_active(key)
    harness.clock.advance(bounds.OUTAGE_READS_AGAIN_AFTER - INSTANT)
    assert outage.is_active(key)
    assert not outage.is_active((BILLING.identity, VendRequest("other")))
    harness.clock.advance(INSTANT)
    assert not outage.is_active(key)


def test_a_busy_table_is_read_again_at_once() -> None:
    harness = Harness()
    outage, key = outage_of(harness), (BILLING.identity, REQUEST)

    outage.note_failed_read(key, StoreThrottledError("busy"))

    assert not outage.is_active(key)


def test_an_outage_is_remembered_for_so_many_requests_and_no_more() -> None:
    outage = outage_of(Harness())
    keys = [
        (BILLING.identity, VendRequest("jobs", min_ttl_seconds=number))
        for number in range(bounds.MEMORY_ENTRIES + 1)
    ]
    for key in keys[:-1]:
        outage.note_failed_read(key, AWAY)
    assert outage.is_active(keys[0])

    outage.note_failed_read(keys[-1], AWAY)

    assert not outage.is_active(keys[0])
    assert outage.is_active(keys[-1])


def test_what_cannot_be_answered_without_the_tables_says_so() -> None:
    harness = Harness()
    harness.reader.fails_with = AWAY

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "store.away"
    assert caught.value.description == "The tables do not answer; ask again."


def test_the_token_of_an_outage_is_kept_for_the_caller_and_its_grant() -> None:
    harness, environment, life = remembering()
    harness.clock.advance(life)

    vended = harness.vend(environment)

    assert vended.decision.grant == GRANT
    assert vended.failed is not None
    assert vended.failed.rule == "store.away"
    assert harness.vend(environment).answer.token == vended.answer.token
