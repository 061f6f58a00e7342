"""The end of a refresh: what is kept, what is revoked, and who is nobody meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.connecting.refreshing import KEY, Refreshing
from tests.unit.connecting.world import SHOP
from tests.unit.connecting.world import World as ConsentWorld

from tokenvend.connecting.connections import Found
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import ConsentRequiredError, InvalidClientError, TokenVendError
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.journal import Successor
from tokenvend.domain.registry import Caller
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.ports import Kept, StoreAwayError

CLIENT = Proof(Entry.OAUTH2, "client:shop", client_secret=Secret("tv_good"))


def test_a_refreshed_token_is_of_the_state_that_the_secret_had() -> None:
    world = Refreshing()

    token = world.refresher().refresh(replace(world.order(), epoch="v7"))

    assert token.epoch == "v7"


@pytest.mark.parametrize(("rotates", "revoked"), [(True, "refresh-2"), (False, "refresh-1")])
def test_what_comes_for_a_connection_that_is_gone_is_revoked(
    *, rotates: bool, revoked: str
) -> None:
    world = Refreshing(provider=RotatingProvider(rotates=rotates))

    def disconnect() -> None:
        world.connections.delete(KEY)

    world.rotating.interrupt = disconnect

    with pytest.raises(ConsentRequiredError) as caught:
        world.refresh()

    assert caught.value.rule == "connection.active"
    assert world.rotating.revoked == [revoked]
    assert world.rotating.requests[-1].form["token_type_hint"] == "refresh_token"


@pytest.mark.parametrize(
    ("takes", "tries"), [(timedelta(seconds=10), 2), (timedelta(seconds=10.25), 1)]
)
def test_a_successor_is_tried_to_be_kept_while_there_is_time_to_say_so(
    takes: timedelta, tries: int
) -> None:
    world = Refreshing()
    world.rotating.interrupt = lambda: world.clock.advance(takes)
    tried = []

    def away(spent: Connection, successor: Successor) -> Kept:
        tried.append((spent, successor))
        raise StoreAwayError("away")

    world.connections.finish_spending = away  # type: ignore[method-assign]

    with pytest.raises(TokenVendError) as caught:
        world.refresher().refresh(world.order(time_left=bounds.EXCHANGE_NEEDS))

    assert caught.value.rule == "store.away"
    assert len(tried) == tries


def test_a_client_that_was_nobody_is_refused_for_its_time_by_the_same_rule() -> None:
    world = ConsentWorld()
    rules = []
    for _ in range(2):
        with pytest.raises(InvalidClientError) as caught:
            world.run(Action.LIST, CLIENT)
        rules.append(caught.value.rule)
    world.reader.callers[CLIENT.identity] = Caller(name="shop")
    world.reader.grants[CLIENT.identity, "hiring"] = world.reader.grants[SHOP.identity, "hiring"]
    world.reader.client_secret_hashes[CLIENT.identity] = (Secret("tv_good").sha256,)
    world.clock.advance(bounds.UNKNOWN_CLIENT_REMEMBERED)

    assert rules == [Rule.CALLER_KNOWN] * 2
    assert len(world.reader.lookups) == 1
    assert [world.run(Action.LIST, CLIENT) for _ in range(3)] == [Found([])] * 3


def test_a_signer_that_was_nobody_is_known_as_soon_as_it_is() -> None:
    world = ConsentWorld()
    signer = Proof(Entry.IAM, "iam:111122223333:role/new")
    with pytest.raises(InvalidClientError):
        world.run(Action.LIST, signer)
    world.reader.callers[signer.identity] = Caller(name="shop")
    world.reader.grants[signer.identity, "hiring"] = world.reader.grants[SHOP.identity, "hiring"]

    assert world.run(Action.LIST, signer) == Found([])
