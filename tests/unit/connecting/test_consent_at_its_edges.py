"""A consent at each of its steps: what is kept, until when, and what is said when it ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.connecting.world import (
    DEFINITION,
    RETURN_URL,
    SHOP,
    STRANGER,
    World,
    key_of,
)

from tokenvend.connecting.connections import Found, Started
from tokenvend.connecting.events import ConnectionEvent, Happened
from tokenvend.connecting.steps import ConsentEndedError, WhyNot
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionStatus
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import (
    AccountChangedError,
    InvalidGrantError,
    InvalidTargetError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
    TooManyRequestsError,
)
from tokenvend.domain.registry import Caller

INSTANT = timedelta(microseconds=1)
WRONG_CODE = (
    "This code does not complete this connection: it is another one's, was used, or has expired."
)
A_CODE = "c" * 43
#: 256 random bits, as URL-safe base64 writes them.
TICKET = 43


def refused(step: Callable[[], object]) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        step()
    return caught.value


def test_a_link_says_until_when_it_is_good() -> None:
    world = World()

    started = world.run(Action.START, connection="ada", return_url=RETURN_URL)

    assert isinstance(started, Started)
    assert started.key == key_of("ada")
    assert started.started_at == world.clock.now()
    assert started.expires_at == world.clock.now() + bounds.CONNECT_LINK


def test_every_ticket_is_new_and_cannot_be_guessed() -> None:
    world = World()
    seen: set[str] = set()
    for _ in range(3):
        departure = world.depart()
        flow = departure.session.flow
        assert flow is not None
        world.consent()
        returned = world.come_back(departure)
        code = parse_qs(urlsplit(returned.url).query)["code"][0]
        tickets = {
            departure.state.reveal(),
            departure.browser.reveal(),
            flow.code_verifier.reveal(),
            code,
        }
        assert {len(each) for each in tickets} == {TICKET}
        seen |= tickets
    assert len(seen) == 12
    assert len(world.start().reveal()) == TICKET


def test_a_flow_lasts_at_the_provider_for_its_time_and_no_longer() -> None:
    world = World()
    in_time, late = world.depart(connection="ada"), world.depart(connection="eve")
    assert in_time.lasts == bounds.CONSENT_AT_PROVIDER
    world.clock.advance(bounds.CONSENT_AT_PROVIDER - INSTANT)
    world.consent()
    world.come_back(in_time)
    world.clock.advance(INSTANT)

    with pytest.raises(ConsentEndedError) as caught:
        world.come_back(late)

    assert caught.value.reason is WhyNot.STATE_OVER
    assert str(caught.value) == "state_over"


def test_no_code_is_spent_without_the_time_to_hear_the_answer_and_the_way_stays_open() -> None:
    world = World()
    departure = world.depart()

    error = refused(lambda: world.come_back(departure, time_left=bounds.EXCHANGE_NEEDS - INSTANT))

    assert isinstance(error, TemporarilyUnavailableError)
    assert (error.rule, error.description) == ("time_left", "Too little time is left.")
    assert world.provider.requests == []
    world.consent()
    world.come_back(departure, time_left=bounds.EXCHANGE_NEEDS)


@pytest.mark.parametrize("days", [28, None])
def test_what_is_kept_is_what_the_user_agreed_to_and_when(days: int | None) -> None:
    world = World()
    authorization = DEFINITION.authorization
    assert authorization is not None
    world.define(replace(DEFINITION, authorization=replace(authorization, refresh_token_days=days)))
    returned = world.connect(scope="jobs_read")
    now = world.clock.now()

    connection = world.complete(returned)

    consent = connection.consent
    assert consent is not None
    assert (consent.refresh_token.reveal(), consent.account) == ("refresh-1", "ada")
    assert (consent.connected_at, consent.refreshed_at) == (now, now)
    assert consent.refresh_expires_at == (None if days is None else now + timedelta(days=days))
    assert len(consent.consent_id) == 32


def test_a_pending_consent_is_completed_until_its_code_expires() -> None:
    world = World()
    in_time, late = world.connect(connection="ada"), world.connect(connection="eve")
    world.clock.advance(bounds.COMPLETION_CODE - INSTANT)
    assert world.complete(in_time).status is ConnectionStatus.ACTIVE
    world.clock.advance(INSTANT)

    error = refused(lambda: world.complete(late))

    assert (type(error), error.rule) == (InvalidGrantError, "connection.expired")
    assert (error.description, error.caller) == (WRONG_CODE, "shop")


@pytest.mark.parametrize(
    ("connection", "rule"),
    [("nobody", "connection.nothing_pending"), ("ada", "connection.wrong_code")],
)
def test_a_code_that_completes_nothing_looks_the_same_whatever_is_wrong(
    connection: str, rule: str
) -> None:
    world = World()
    world.connect(connection="ada")

    error = refused(lambda: world.run(Action.COMPLETE, connection=connection, code=A_CODE))

    assert (type(error), error.rule, error.description) == (InvalidGrantError, rule, WRONG_CODE)


def test_of_two_that_complete_at_once_one_does() -> None:
    world = World()
    returned = world.connect()
    world.connections.put_consent = lambda *_: False  # type: ignore[method-assign]

    error = refused(lambda: world.complete(returned))

    assert (error.rule, error.description) == ("connection.completed_meanwhile", WRONG_CODE)


def test_another_account_is_told_and_how_it_is_said_to_be_meant() -> None:
    world = World()
    world.complete(world.connect(account="ada"))
    returned = world.connect(account="eve")

    error = refused(lambda: world.complete(returned))

    assert isinstance(error, AccountChangedError)
    assert error.rule == "connection.account_changed"
    assert error.description == (
        "The user consented with another account than before. If that is meant, complete with"
        " may_change_account=true."
    )


def test_a_provider_that_sends_the_user_back_in_trouble_is_told_with_its_caller() -> None:
    world = World()
    departure = world.depart()

    error = refused(lambda: world.come_back(departure, {"error": "server_error"}))

    assert isinstance(error, ProviderRefusedError)
    assert (error.provider_error, error.caller) == ("server_error", "shop")
    assert error.description == (
        "The provider did not send the user back as it should: server_error."
    )


@pytest.mark.parametrize("action", [Action.INSPECT, Action.DISCONNECT])
def test_what_is_not_there_is_told(action: Action) -> None:
    error = refused(lambda: World().run(action, connection="ada"))

    assert (type(error), error.rule) == (InvalidTargetError, "connection.exists")
    assert (error.description, error.caller) == ("There is no connection of that name.", "shop")


def test_a_pending_one_is_there_until_its_code_expires() -> None:
    world = World()
    world.connect(connection="ada")
    world.clock.advance(bounds.COMPLETION_CODE - INSTANT)
    found = world.run(Action.INSPECT, connection="ada")
    assert isinstance(found, Connection)
    assert found.status is ConnectionStatus.PENDING

    world.clock.advance(INSTANT)

    assert refused(lambda: world.run(Action.INSPECT, connection="ada")).rule == "connection.exists"
    assert world.run(Action.LIST) == Found([])


def test_the_list_is_in_the_order_of_the_names() -> None:
    world = World()
    for name in ("eve", "ada", "bob"):
        world.complete(world.connect(connection=name, account=name))

    found = world.run(Action.LIST)

    assert isinstance(found, Found)
    assert [one.key.name for one in found.connections] == ["ada", "bob", "eve"]


def test_an_end_is_told_once() -> None:
    world = World()
    world.complete(world.connect())

    world.run(Action.DISCONNECT, connection="ada")

    assert world.events == [ConnectionEvent(Happened.DISCONNECTED, key_of("ada"))]


def test_a_caller_keeps_to_its_limit() -> None:
    world = World()
    world.reader.callers[SHOP.identity] = Caller(name="shop", requests_per_minute=1)
    world.run(Action.LIST)

    assert isinstance(refused(lambda: world.run(Action.LIST)), TooManyRequestsError)
    assert world.run(Action.LIST, STRANGER) == Found([])
