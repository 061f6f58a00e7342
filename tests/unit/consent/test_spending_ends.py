"""The end of a refresh: what is stored and what is revoked."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.harness import SHOP
from tests.unit.consent.harness import Harness as ConsentHarness
from tests.unit.consent.refreshing import KEY, Refreshing

from tokenvend.consent.caller_connections import FoundConnections
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import ConsentRequiredError, InvalidClientError, TokenVendError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.journal import Successor
from tokenvend.domain.registry import Caller
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreAwayError, StoreResult

CLIENT = Proof(EntryPoint.OAUTH2, "client:shop", client_secret=Secret("tv_good"))


def test_a_refreshed_token_is_of_the_state_that_the_secret_had() -> None:
    harness = Refreshing()

    token = harness.refresher().refresh(replace(harness.refresh_request(), secret_generation="v7"))

    assert token.secret_generation == "v7"


@pytest.mark.parametrize(("rotates", "revoked"), [(True, "refresh-2"), (False, "refresh-1")])
def test_what_comes_for_a_connection_that_is_gone_is_revoked(
    *, rotates: bool, revoked: str
) -> None:
    harness = Refreshing(provider=RotatingProvider(rotates=rotates))

    def disconnect() -> None:
        harness.connections.delete(KEY)

    harness.rotating.interrupt = disconnect

    with pytest.raises(ConsentRequiredError) as caught:
        harness.refresh()

    assert caught.value.rule == "connection.active"
    assert harness.rotating.revoked == [revoked]
    assert harness.rotating.requests[-1].form["token_type_hint"] == "refresh_token"


@pytest.mark.parametrize(
    ("takes", "tries"), [(timedelta(seconds=10), 2), (timedelta(seconds=10.25), 1)]
)
def test_a_successor_is_tried_to_be_kept_while_there_is_time_to_say_so(
    takes: timedelta, tries: int
) -> None:
    harness = Refreshing()
    harness.rotating.interrupt = lambda: harness.clock.advance(takes)
    tried = []

    def away(redeemed: Connection, successor: Successor) -> StoreResult:
        tried.append((redeemed, successor))
        raise StoreAwayError("away")

    harness.connections.finish_redemption = away  # type: ignore[method-assign]

    with pytest.raises(TokenVendError) as caught:
        harness.refresher().refresh(harness.refresh_request(time_left=bounds.EXCHANGE_NEEDS))

    assert caught.value.rule == "store.away"
    assert len(tried) == tries


def test_a_client_that_was_nobody_is_refused_for_its_time_by_the_same_rule() -> None:
    harness = ConsentHarness()
    rules = []
    for _ in range(2):
        with pytest.raises(InvalidClientError) as caught:
            harness.run(Action.LIST, CLIENT)
        rules.append(caught.value.rule)
    harness.reader.callers[CLIENT.identity] = Caller(name="shop")
    harness.reader.grants[CLIENT.identity, "hiring"] = harness.reader.grants[
        SHOP.identity, "hiring"
    ]
    harness.reader.client_secret_hashes[CLIENT.identity] = (Secret("tv_good").sha256,)
    harness.clock.advance(bounds.UNKNOWN_CLIENT_REMEMBERED)

    assert rules == [Rule.CALLER_KNOWN] * 2
    assert len(harness.reader.lookups) == 1
    assert [harness.run(Action.LIST, CLIENT) for _ in range(3)] == [FoundConnections([])] * 3


def test_a_signer_that_was_nobody_is_known_as_soon_as_it_is() -> None:
    harness = ConsentHarness()
    signer = Proof(EntryPoint.IAM, "iam:111122223333:role/new")
    with pytest.raises(InvalidClientError):
        harness.run(Action.LIST, signer)
    harness.reader.callers[signer.identity] = Caller(name="shop")
    harness.reader.grants[signer.identity, "hiring"] = harness.reader.grants[
        SHOP.identity, "hiring"
    ]

    assert harness.run(Action.LIST, signer) == FoundConnections([])
