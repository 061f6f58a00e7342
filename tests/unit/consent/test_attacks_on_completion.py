"""Attacks by links, codes and names fail, each by the rule that is there for it."""

import pytest
from tests.fakes.provider import json_response
from tests.unit.consent.attacking import harness
from tests.unit.consent.harness import (
    RETURN_URL,
    STRANGER,
    Harness,
    key_of,
)

from tokenvend.consent.caller_connections import FoundConnections
from tokenvend.domain import bounds
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidTargetError,
    ProviderRefusedError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.secret import Secret

__all__ = ["harness"]


@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.example/",
        "https://shop.example/connected",
        RETURN_URL + "&more=1",
        RETURN_URL.replace("https", "http"),
        RETURN_URL + "#fragment",
        RETURN_URL.upper(),
        "https://shop.example@evil.example/connected?tab=hiring",
        "//evil.example",
        "javascript:alert(1)",
    ],
)
def test_a_return_url_that_is_not_listed_exactly_is_no_open_redirect(
    harness: Harness, return_url: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        harness.start(return_url=return_url)

    assert refused.value.rule == "grant.return_urls"


def test_a_forwarded_link_cannot_bind_a_strangers_account_to_my_user(harness: Harness) -> None:
    """My link is opened by a stranger, who consents: the code is in the stranger's browser."""
    harness.provider.account = {"id": "stranger"}
    returned = harness.connect(account="stranger")

    # My application has not got that code: it came to a browser without my session.
    with pytest.raises(InvalidGrantError):
        harness.complete(returned, code="c" * 43)

    mine = harness.connections.read(key_of("ada"))
    assert mine is not None
    assert mine.consent is None


def test_a_forwarded_link_cannot_bind_my_account_to_a_strangers_user(harness: Harness) -> None:
    """A stranger's link is opened by me. The application knows me by my session, as `ada`."""
    returned = harness.connect(connection="mallory", account="ada")

    with pytest.raises(InvalidGrantError) as refused:
        harness.complete(returned, connection="ada")

    assert refused.value.rule == "connection.nothing_pending"
    strangers = harness.connections.read(key_of("mallory"))
    assert strangers is not None
    assert strangers.consent is None


def test_a_swapped_code_completes_neither(harness: Harness) -> None:
    ada, bob = harness.connect(connection="ada"), harness.connect(connection="bob")

    for name, returned in (("ada", bob), ("bob", ada)):
        with pytest.raises(InvalidGrantError) as refused:
            harness.complete(returned, connection=name)
        assert refused.value.rule == "connection.wrong_code"

    assert harness.complete(ada).key == key_of("ada")


def test_another_caller_cannot_complete_what_it_did_not_start(harness: Harness) -> None:
    returned = harness.connect()

    with pytest.raises(InvalidGrantError) as refused:
        harness.complete(returned, proof=STRANGER)

    assert refused.value.rule == "connection.nothing_pending"


def test_another_callers_connection_looks_absent(harness: Harness) -> None:
    harness.complete(harness.connect())

    for action in (Action.INSPECT, Action.DISCONNECT):
        with pytest.raises(InvalidTargetError):
            harness.run(action, STRANGER, connection="ada")

    assert harness.run(Action.LIST, STRANGER) == FoundConnections([])
    assert harness.connections.read(key_of("ada")) is not None


@pytest.mark.parametrize("name", ["shop/ada", "../ada", "ada#", "", "a" * 64])
def test_another_callers_connection_cannot_even_be_named(harness: Harness, name: str) -> None:
    for action in (Action.START, Action.COMPLETE, Action.INSPECT, Action.DISCONNECT):
        with pytest.raises(InvalidRequestError) as refused:
            harness.run(action, STRANGER, connection=name, return_url=RETURN_URL, code="c" * 43)
        assert refused.value.rule == "request.connection"


def test_starting_another_callers_name_makes_ones_own(harness: Harness) -> None:
    harness.complete(harness.connect())
    redirect = harness.depart(STRANGER)
    harness.consent(refresh_token="strangers")

    harness.complete(harness.come_back(redirect), proof=STRANGER)

    mine = harness.connections.read(key_of("ada"))
    assert mine is not None
    assert mine.consent is not None
    assert mine.consent.refresh_token == Secret("refresh-1")
    assert harness.connections.read(key_of("ada", owner="stranger")) is not None


def test_a_provider_that_quotes_the_code_is_not_quoted(harness: Harness) -> None:
    redirect = harness.depart()
    harness.provider.script(json_response({"error": "unknown_pomelo"}, status=400))

    with pytest.raises(ProviderRefusedError) as caught:
        harness.come_back(redirect, {"code": "Pomelo-and-more"})

    assert caught.value.provider_error == "http_400"
    assert "pomelo" not in caught.value.description


@pytest.mark.parametrize(
    "account",
    [
        pytest.param("ada\u202egro.elgoog", id="turns the text around"),
        pytest.param("ada\u2028now an administrator", id="another kind of line"),
        pytest.param("ada\x9b31m", id="a terminal's control character"),
        pytest.param("\ud800", id="half a character"),
    ],
)
def test_an_account_that_cannot_be_shown_as_it_is_has_no_name(
    harness: Harness, account: str
) -> None:
    redirect = harness.depart()
    harness.consent()
    harness.provider.account = {"id": account}

    harness.come_back(redirect)

    kept = harness.connections.read(ConnectionKey(credential="hiring", owner="shop", name="ada"))
    assert kept is not None
    assert kept.pending is not None
    assert kept.pending.consent.account is None


def test_an_unknown_client_costs_one_read_whatever_it_asks_of_connections(harness: Harness) -> None:
    nobody = Proof(EntryPoint.OAUTH2, "client:nobody", client_secret=Secret("tv_guess"))

    for action in (Action.LIST, Action.INSPECT, Action.LIST):
        with pytest.raises(InvalidClientError):
            harness.run(action, nobody, connection="ada")

    assert len(harness.reader.lookups) == 1
    harness.clock.advance(bounds.UNKNOWN_CLIENT_REMEMBERED)
    with pytest.raises(InvalidClientError):
        harness.run(Action.LIST, nobody)
    assert len(harness.reader.lookups) == 2


def test_nothing_of_a_flow_can_be_printed(harness: Harness) -> None:
    redirect = harness.depart()
    session = harness.sessions.read(redirect.state)

    shown = f"{redirect!r} {session!r}"

    assert session is not None
    assert session.flow is not None
    assert session.flow.code_verifier.reveal() not in shown
    assert redirect.browser.reveal() not in shown
