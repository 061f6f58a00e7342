"""Each attack on consent fails, and by the rule that is there for it."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.provider import json_response
from tests.unit.consent.harness import (
    DEFINITION,
    ISSUER,
    RETURN_URL,
    STRANGER,
    TIME_LEFT,
    Harness,
    key_of,
)

from tokenvend.consent.caller_connections import FoundConnections
from tokenvend.consent.flow_steps import ConsentFlowEndedError, FlowEndReason
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
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.secret import Secret


@pytest.fixture
def harness() -> Harness:
    return Harness()


def code_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["code"][0]


def requiring_iss(harness: Harness) -> None:
    assert DEFINITION.authorization is not None
    announced = replace(DEFINITION.authorization, requires_iss=True)
    harness.define(replace(DEFINITION, authorization=announced))


def test_a_stolen_state_is_of_no_use_in_another_browser_and_ends_nothing(harness: Harness) -> None:
    redirect, other = harness.depart(), harness.depart(connection="bob")
    harness.consent()

    for browser in (other.browser, Secret("x" * 43)):
        with pytest.raises(ConsentFlowEndedError) as ended:
            harness.come_back(redirect, browser=browser)
        assert ended.value.reason is FlowEndReason.ANOTHER_BROWSER

    assert harness.provider.requests == []
    assert harness.come_back(redirect).url.startswith(RETURN_URL)


def test_a_browser_without_a_cookie_is_another_one(harness: Harness) -> None:
    redirect = harness.depart()
    query = {"state": [redirect.state.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentFlowEndedError) as ended:
        harness.pages.come_back("hiring", query, None, time_left=TIME_LEFT)

    assert ended.value.reason is FlowEndReason.ANOTHER_BROWSER


def test_a_replayed_callback_is_not_exchanged_again(harness: Harness) -> None:
    redirect = harness.depart()
    harness.consent()
    harness.come_back(redirect)

    with pytest.raises(ConsentFlowEndedError) as ended:
        harness.come_back(redirect)

    assert ended.value.reason is FlowEndReason.STATE_OVER
    assert len(harness.provider.requests) == 1


def test_a_callback_at_another_credentials_address_is_refused(harness: Harness) -> None:
    redirect = harness.depart()
    query = {"state": [redirect.state.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentFlowEndedError) as ended:
        harness.pages.come_back("another", query, redirect.browser, time_left=TIME_LEFT)

    assert ended.value.reason is FlowEndReason.ANOTHER_CREDENTIAL


@pytest.mark.parametrize("state", ["", "made-up", None], ids=str)
def test_a_state_that_nobody_gave_out_is_refused(harness: Harness, state: str | None) -> None:
    query = {"code": ["code-1"]} | ({} if state is None else {"state": [state]})

    with pytest.raises(ConsentFlowEndedError) as ended:
        harness.pages.come_back("hiring", query, Secret("x"), time_left=TIME_LEFT)

    assert ended.value.reason is FlowEndReason.STATE_OVER


def test_a_link_is_no_state_and_a_state_is_no_link(harness: Harness) -> None:
    link, redirect = harness.start(), harness.depart()
    query = {"state": [link.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentFlowEndedError) as as_state:
        harness.pages.come_back("hiring", query, redirect.browser, time_left=TIME_LEFT)
    with pytest.raises(ConsentFlowEndedError) as as_link:
        harness.pages.proceed(redirect.state)

    assert (as_state.value.reason, as_link.value.reason) == (
        FlowEndReason.STATE_OVER,
        FlowEndReason.LINK_OVER,
    )


@pytest.mark.parametrize(
    ("iss", "announced", "accepted"),
    [
        pytest.param(ISSUER, True, True, id="right, announced"),
        pytest.param(None, True, False, id="missing where announced"),
        pytest.param("https://evil.example", True, False, id="wrong, announced"),
        pytest.param(ISSUER + "/", True, False, id="compared exactly"),
        pytest.param("\ud800", True, False, id="half a character"),
        pytest.param(None, False, True, id="missing, not announced"),
        pytest.param(ISSUER, False, True, id="right, not announced"),
        pytest.param("https://evil.example", False, False, id="wrong, though not announced"),
    ],
)
@pytest.mark.parametrize("error", [None, "access_denied"])
def test_iss_must_be_the_providers(
    harness: Harness, iss: str | None, error: str | None, *, announced: bool, accepted: bool
) -> None:
    if announced:
        requiring_iss(harness)
    redirect = harness.depart()
    harness.consent()
    query = {"iss": iss, "error": error}
    sent = {name: value for name, value in query.items() if value is not None}

    if accepted:
        assert harness.come_back(redirect, sent).denied == (error is not None)
        return
    with pytest.raises(ProviderRefusedError) as refused:
        harness.come_back(redirect, sent)

    assert refused.value.provider_error == "wrong_issuer"
    assert harness.provider.requests == []


def test_a_parameter_that_repeats_is_refused(harness: Harness) -> None:
    redirect = harness.depart()
    query = {"state": [redirect.state.reveal()], "code": ["code-1", "code-2"]}

    with pytest.raises(ProviderRefusedError) as refused:
        harness.pages.come_back("hiring", query, redirect.browser, time_left=TIME_LEFT)

    assert refused.value.provider_error == "repeated_parameter"


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
    nobody = Proof(Entry.OAUTH2, "client:nobody", client_secret=Secret("tv_guess"))

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
