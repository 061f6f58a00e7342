"""A blocked connection: nothing of it is vended, asked for or sent; it may be ended."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.fakes.vend_reader import InMemoryCredentialReader
from tests.unit.connecting.refreshing import KEY, Refreshing
from tests.unit.connecting.world import World
from tests.unit.vending.world import BILLING

from tokenvend.connecting.connections import Disconnected, Found
from tokenvend.connecting.keep_alive import KeepAlive, KeptAlive
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import TokenVendError, UnauthorizedClientError
from tokenvend.domain.registry import EVERY_OWNER, RegistryView
from tokenvend.domain.request import Rejection, VendRequest
from tokenvend.domain.rule import Rule

REQUEST = VendRequest("jobs", connection="acme")
DAY = timedelta(days=1)


def refused_by(act: Callable[[], object]) -> str:
    with pytest.raises(UnauthorizedClientError) as caught:
        act()
    return caught.value.rule


def test_a_block_ends_vending_within_memorys_trust_and_lifting_it_resumes() -> None:
    world = Refreshing()
    environment = world.environment()
    world.vend(environment, REQUEST)
    world.reader.blocked.add(str(KEY))

    trusted = world.vend(environment, REQUEST)
    world.clock.advance(timedelta(seconds=31))
    refused = refused_by(lambda: world.vend(environment, REQUEST))
    world.reader.blocked.clear()

    assert trusted.answer.source == "memory"
    assert refused == Rule.CONNECTION_BLOCKED
    assert world.vend(environment, REQUEST).answer.token == trusted.answer.token
    assert world.rotating.spent == ["refresh-1"]


def test_a_cold_environment_refuses_by_the_one_read_that_decides() -> None:
    world = Refreshing()
    world.reader.blocked.add(str(KEY))

    assert refused_by(lambda: world.vend(world.environment(), REQUEST)) == Rule.CONNECTION_BLOCKED
    assert [lookup.connection for lookup in world.reader.lookups] == ["acme"]
    assert world.rotating.requests == []


def test_the_owner_need_not_be_named_and_another_owners_is_not_blocked() -> None:
    world = Refreshing()
    world.reader.blocked.add("jobs/payroll/acme")
    world.vend(world.environment(), REQUEST)

    world.reader.blocked.add(str(KEY))
    named = VendRequest("jobs", connection="billing/acme")

    assert refused_by(lambda: world.vend(world.environment(), named)) == Rule.CONNECTION_BLOCKED


def test_a_block_that_does_not_say_whose_is_everybodys() -> None:
    view = RegistryView(blocked_owners=EVERY_OWNER)

    assert view.is_connection_blocked("billing")
    assert not RegistryView().is_connection_blocked("billing")


def test_a_report_of_a_refused_token_is_refused() -> None:
    world = Refreshing()
    sha256 = world.vend(world.environment(), REQUEST).answer.token.access_token.sha256
    world.reader.blocked.add(str(KEY))

    assert (
        refused_by(lambda: world.parts().rejecter.reject(BILLING, Rejection(REQUEST, sha256)))
        == Rule.CONNECTION_BLOCKED
    )


def test_an_idle_one_is_not_refreshed_until_the_block_is_lifted() -> None:
    world = Refreshing()
    keep_alive = KeepAlive(
        connections=world.connections,
        credentials=InMemoryCredentialReader(world.reader),
        states=world.reader.states,
        refresher=world.refresher(),
        clock=world.clock,
    )

    def outcomes() -> list[KeptAlive]:
        return [each.outcome for each in keep_alive.run(dies=world.clock.monotonic() + 55)]

    world.clock.advance(20 * DAY)
    world.reader.blocked.add(str(KEY))
    while_blocked = outcomes()
    world.reader.blocked.clear()

    assert while_blocked == []
    assert outcomes() == [KeptAlive.REFRESHED]


STEPS = ("start", "page", "continue", "callback", "complete")


@pytest.mark.parametrize("step", STEPS)
def test_no_step_of_a_consent_goes_on(step: str) -> None:
    world = World()
    link = world.start()
    departure = world.depart()
    world.consent()
    returned = world.connect()
    acts: dict[str, Callable[[], object]] = {
        "start": world.start,
        "page": lambda: world.pages.show(link),
        "continue": lambda: world.pages.proceed(link),
        "callback": lambda: world.come_back(departure),
        "complete": lambda: world.complete(returned),
    }
    world.reader.blocked.add("hiring/shop/ada")

    assert refused_by(acts[step]) == Rule.CONNECTION_BLOCKED


def test_another_connection_of_the_caller_goes_on() -> None:
    world = World()
    world.reader.blocked.add("hiring/shop/ada")

    assert isinstance(world.complete(world.connect(connection="grace")), Connection)


def test_its_caller_may_look_at_it_and_end_it() -> None:
    world = World()
    world.complete(world.connect())
    world.reader.blocked.add("hiring/shop/ada")

    listed = world.run(Action.LIST)
    shown = world.run(Action.INSPECT, connection="ada")
    ended = world.run(Action.DISCONNECT, connection="ada")

    assert isinstance(listed, Found)
    assert listed.connections == [shown]
    assert isinstance(ended, Disconnected)


def test_the_caller_is_not_told_that_it_is_a_block() -> None:
    world = Refreshing()
    world.reader.blocked.add(str(KEY))

    with pytest.raises(TokenVendError) as caught:
        world.vend(world.environment(), REQUEST)

    assert caught.value.code == "unauthorized_client"
    assert "block" not in caught.value.description
