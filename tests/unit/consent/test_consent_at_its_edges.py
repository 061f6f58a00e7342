"""A consent at each of its steps: what is stored, until when, and what is said when it ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.consent.harness import (
    DEFINITION,
    RETURN_URL,
    SHOP,
    STRANGER,
    Harness,
    key_of,
)

from tokenvend.consent.caller_connections import FoundConnections, StartedConsent
from tokenvend.consent.flow_steps import ConsentFlowEndedError, FlowEndReason
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
from tokenvend.refresh_tokens.connection_events import ConnectionEvent, ConnectionEventType

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
    harness = Harness()

    started = harness.run(Action.START, connection="ada", return_url=RETURN_URL)

    assert isinstance(started, StartedConsent)
    assert started.key == key_of("ada")
    assert started.started_at == harness.clock.now()
    assert started.expires_at == harness.clock.now() + bounds.CONNECT_LINK


def test_every_ticket_is_new_and_cannot_be_guessed() -> None:
    harness = Harness()
    seen: set[str] = set()
    for _ in range(3):
        redirect = harness.depart()
        flow = redirect.session.flow
        assert flow is not None
        harness.consent()
        returned = harness.come_back(redirect)
        code = parse_qs(urlsplit(returned.url).query)["code"][0]
        tickets = {
            redirect.state.reveal(),
            redirect.browser.reveal(),
            flow.code_verifier.reveal(),
            code,
        }
        assert {len(each) for each in tickets} == {TICKET}
        seen |= tickets
    assert len(seen) == 12
    assert len(harness.start().reveal()) == TICKET


def test_a_flow_lasts_at_the_provider_for_its_time_and_no_longer() -> None:
    harness = Harness()
    in_time, late = harness.depart(connection="ada"), harness.depart(connection="eve")
    assert in_time.lasts == bounds.CONSENT_AT_PROVIDER
    harness.clock.advance(bounds.CONSENT_AT_PROVIDER - INSTANT)
    harness.consent()
    harness.come_back(in_time)
    harness.clock.advance(INSTANT)

    with pytest.raises(ConsentFlowEndedError) as caught:
        harness.come_back(late)

    assert caught.value.reason is FlowEndReason.STATE_OVER
    assert str(caught.value) == "state_over"


def test_no_code_is_redeemed_without_the_time_to_hear_the_answer_and_the_way_stays_open() -> None:
    harness = Harness()
    redirect = harness.depart()

    error = refused(lambda: harness.come_back(redirect, time_left=bounds.EXCHANGE_NEEDS - INSTANT))

    assert isinstance(error, TemporarilyUnavailableError)
    assert (error.rule, error.description) == (
        "time_left",
        "Too little time is left for a request to the provider; try again.",
    )
    assert harness.provider.requests == []
    harness.consent()
    harness.come_back(redirect, time_left=bounds.EXCHANGE_NEEDS)


@pytest.mark.parametrize("days", [28, None])
def test_what_is_kept_is_what_the_user_agreed_to_and_when(days: int | None) -> None:
    harness = Harness()
    authorization = DEFINITION.authorization
    assert authorization is not None
    harness.define(
        replace(DEFINITION, authorization=replace(authorization, refresh_token_days=days))
    )
    returned = harness.connect(scope="jobs_read")
    now = harness.clock.now()

    connection = harness.complete(returned)

    consent = connection.consent
    assert consent is not None
    assert (consent.refresh_token.reveal(), consent.account) == ("refresh-1", "ada")
    assert (consent.connected_at, consent.refreshed_at) == (now, now)
    assert consent.refresh_expires_at == (None if days is None else now + timedelta(days=days))
    assert len(consent.consent_id) == 32


def test_a_pending_consent_is_completed_until_its_code_expires() -> None:
    harness = Harness()
    in_time, late = harness.connect(connection="ada"), harness.connect(connection="eve")
    harness.clock.advance(bounds.COMPLETION_CODE - INSTANT)
    assert harness.complete(in_time).status is ConnectionStatus.ACTIVE
    harness.clock.advance(INSTANT)

    error = refused(lambda: harness.complete(late))

    assert (type(error), error.rule) == (InvalidGrantError, "connection.expired")
    assert (error.description, error.caller) == (WRONG_CODE, "shop")


@pytest.mark.parametrize(
    ("connection", "rule"),
    [("nobody", "connection.nothing_pending"), ("ada", "connection.wrong_code")],
)
def test_a_code_that_completes_nothing_looks_the_same_whatever_is_wrong(
    connection: str, rule: str
) -> None:
    harness = Harness()
    harness.connect(connection="ada")

    error = refused(lambda: harness.run(Action.COMPLETE, connection=connection, code=A_CODE))

    assert (type(error), error.rule, error.description) == (InvalidGrantError, rule, WRONG_CODE)


def test_of_two_that_complete_at_once_one_does() -> None:
    harness = Harness()
    returned = harness.connect()
    harness.connections.put_consent = lambda *_: False  # type: ignore[method-assign]

    error = refused(lambda: harness.complete(returned))

    assert (error.rule, error.description) == ("connection.completed_meanwhile", WRONG_CODE)


def test_another_account_is_told_and_how_it_is_said_to_be_meant() -> None:
    harness = Harness()
    harness.complete(harness.connect(account="ada"))
    returned = harness.connect(account="eve")

    error = refused(lambda: harness.complete(returned))

    assert isinstance(error, AccountChangedError)
    assert error.rule == "connection.account_changed"
    assert error.description == (
        "The user consented with another account than before. If the user wants that, complete with"
        " may_change_account=true."
    )


def test_a_provider_that_sends_the_user_back_in_trouble_is_told_with_its_caller() -> None:
    harness = Harness()
    redirect = harness.depart()

    error = refused(lambda: harness.come_back(redirect, {"error": "server_error"}))

    assert isinstance(error, ProviderRefusedError)
    assert (error.provider_error, error.caller) == ("server_error", "shop")
    assert error.description == ("The provider did not complete the consent: server_error.")


@pytest.mark.parametrize("action", [Action.INSPECT, Action.DISCONNECT])
def test_what_is_not_there_is_told(action: Action) -> None:
    error = refused(lambda: Harness().run(action, connection="ada"))

    assert (type(error), error.rule) == (InvalidTargetError, "connection.exists")
    assert (error.description, error.caller) == ("There is no connection of this name.", "shop")


def test_a_pending_one_is_there_until_its_code_expires() -> None:
    harness = Harness()
    harness.connect(connection="ada")
    harness.clock.advance(bounds.COMPLETION_CODE - INSTANT)
    found = harness.run(Action.INSPECT, connection="ada")
    assert isinstance(found, Connection)
    assert found.status is ConnectionStatus.PENDING

    harness.clock.advance(INSTANT)

    assert (
        refused(lambda: harness.run(Action.INSPECT, connection="ada")).rule == "connection.exists"
    )
    assert harness.run(Action.LIST) == FoundConnections([])


def test_the_list_is_in_the_order_of_the_names() -> None:
    harness = Harness()
    for name in ("eve", "ada", "bob"):
        harness.complete(harness.connect(connection=name, account=name))

    found = harness.run(Action.LIST)

    assert isinstance(found, FoundConnections)
    assert [one.key.name for one in found.connections] == ["ada", "bob", "eve"]


def test_an_end_is_told_once() -> None:
    harness = Harness()
    harness.complete(harness.connect())

    harness.run(Action.DISCONNECT, connection="ada")

    assert harness.events == [ConnectionEvent(ConnectionEventType.DISCONNECTED, key_of("ada"))]


def test_a_caller_keeps_to_its_limit() -> None:
    harness = Harness()
    harness.reader.callers[SHOP.identity] = Caller(name="shop", requests_per_minute=1)
    harness.run(Action.LIST)

    assert isinstance(refused(lambda: harness.run(Action.LIST)), TooManyRequestsError)
    assert harness.run(Action.LIST, STRANGER) == FoundConnections([])
