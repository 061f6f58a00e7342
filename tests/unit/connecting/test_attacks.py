"""Each attack on consent fails, and by the rule that is there for it."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.provider import json_response
from tests.unit.connecting.world import (
    DEFINITION,
    ISSUER,
    RETURN_URL,
    STRANGER,
    TIME_LEFT,
    World,
    key_of,
)

from tokenvend.connecting.connections import Found
from tokenvend.connecting.steps import ConsentEndedError, WhyNot
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
def world() -> World:
    return World()


def code_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["code"][0]


def requiring_iss(world: World) -> None:
    assert DEFINITION.authorization is not None
    announced = replace(DEFINITION.authorization, requires_iss=True)
    world.define(replace(DEFINITION, authorization=announced))


def test_a_stolen_state_is_of_no_use_in_another_browser_and_ends_nothing(world: World) -> None:
    departure, other = world.depart(), world.depart(connection="bob")
    world.consent()

    for browser in (other.browser, Secret("x" * 43)):
        with pytest.raises(ConsentEndedError) as ended:
            world.come_back(departure, browser=browser)
        assert ended.value.reason is WhyNot.ANOTHER_BROWSER

    assert world.provider.requests == []
    assert world.come_back(departure).url.startswith(RETURN_URL)


def test_a_browser_without_a_cookie_is_another_one(world: World) -> None:
    departure = world.depart()
    query = {"state": [departure.state.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentEndedError) as ended:
        world.pages.come_back("hiring", query, None, time_left=TIME_LEFT)

    assert ended.value.reason is WhyNot.ANOTHER_BROWSER


def test_a_replayed_callback_is_not_exchanged_again(world: World) -> None:
    departure = world.depart()
    world.consent()
    world.come_back(departure)

    with pytest.raises(ConsentEndedError) as ended:
        world.come_back(departure)

    assert ended.value.reason is WhyNot.STATE_OVER
    assert len(world.provider.requests) == 1


def test_a_callback_at_another_credentials_address_is_refused(world: World) -> None:
    departure = world.depart()
    query = {"state": [departure.state.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentEndedError) as ended:
        world.pages.come_back("another", query, departure.browser, time_left=TIME_LEFT)

    assert ended.value.reason is WhyNot.ANOTHER_CREDENTIAL


@pytest.mark.parametrize("state", ["", "made-up", None], ids=str)
def test_a_state_that_nobody_gave_out_is_refused(world: World, state: str | None) -> None:
    query = {"code": ["code-1"]} | ({} if state is None else {"state": [state]})

    with pytest.raises(ConsentEndedError) as ended:
        world.pages.come_back("hiring", query, Secret("x"), time_left=TIME_LEFT)

    assert ended.value.reason is WhyNot.STATE_OVER


def test_a_link_is_no_state_and_a_state_is_no_link(world: World) -> None:
    link, departure = world.start(), world.depart()
    query = {"state": [link.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentEndedError) as as_state:
        world.pages.come_back("hiring", query, departure.browser, time_left=TIME_LEFT)
    with pytest.raises(ConsentEndedError) as as_link:
        world.pages.proceed(departure.state)

    assert (as_state.value.reason, as_link.value.reason) == (WhyNot.STATE_OVER, WhyNot.LINK_OVER)


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
    world: World, iss: str | None, error: str | None, *, announced: bool, accepted: bool
) -> None:
    if announced:
        requiring_iss(world)
    departure = world.depart()
    world.consent()
    query = {"iss": iss, "error": error}
    sent = {name: value for name, value in query.items() if value is not None}

    if accepted:
        assert world.come_back(departure, sent).denied == (error is not None)
        return
    with pytest.raises(ProviderRefusedError) as refused:
        world.come_back(departure, sent)

    assert refused.value.provider_error == "wrong_issuer"
    assert world.provider.requests == []


def test_a_parameter_that_repeats_is_refused(world: World) -> None:
    departure = world.depart()
    query = {"state": [departure.state.reveal()], "code": ["code-1", "code-2"]}

    with pytest.raises(ProviderRefusedError) as refused:
        world.pages.come_back("hiring", query, departure.browser, time_left=TIME_LEFT)

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
    world: World, return_url: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        world.start(return_url=return_url)

    assert refused.value.rule == "grant.return_urls"


def test_a_forwarded_link_cannot_bind_a_strangers_account_to_my_user(world: World) -> None:
    """My link is opened by a stranger, who consents: the code is in the stranger's browser."""
    world.provider.account = {"id": "stranger"}
    returned = world.connect(account="stranger")

    # My application has not got that code: it came to a browser without my session.
    with pytest.raises(InvalidGrantError):
        world.complete(returned, code="c" * 43)

    mine = world.connections.read(key_of("ada"))
    assert mine is not None
    assert mine.consent is None


def test_a_forwarded_link_cannot_bind_my_account_to_a_strangers_user(world: World) -> None:
    """A stranger's link is opened by me. The application knows me by my session, as `ada`."""
    returned = world.connect(connection="mallory", account="ada")

    with pytest.raises(InvalidGrantError) as refused:
        world.complete(returned, connection="ada")

    assert refused.value.rule == "connection.nothing_pending"
    strangers = world.connections.read(key_of("mallory"))
    assert strangers is not None
    assert strangers.consent is None


def test_a_swapped_code_completes_neither(world: World) -> None:
    ada, bob = world.connect(connection="ada"), world.connect(connection="bob")

    for name, returned in (("ada", bob), ("bob", ada)):
        with pytest.raises(InvalidGrantError) as refused:
            world.complete(returned, connection=name)
        assert refused.value.rule == "connection.wrong_code"

    assert world.complete(ada).key == key_of("ada")


def test_another_caller_cannot_complete_what_it_did_not_start(world: World) -> None:
    returned = world.connect()

    with pytest.raises(InvalidGrantError) as refused:
        world.complete(returned, proof=STRANGER)

    assert refused.value.rule == "connection.nothing_pending"


def test_another_callers_connection_looks_absent(world: World) -> None:
    world.complete(world.connect())

    for action in (Action.INSPECT, Action.DISCONNECT):
        with pytest.raises(InvalidTargetError):
            world.run(action, STRANGER, connection="ada")

    assert world.run(Action.LIST, STRANGER) == Found([])
    assert world.connections.read(key_of("ada")) is not None


@pytest.mark.parametrize("name", ["shop/ada", "../ada", "ada#", "", "a" * 64])
def test_another_callers_connection_cannot_even_be_named(world: World, name: str) -> None:
    for action in (Action.START, Action.COMPLETE, Action.INSPECT, Action.DISCONNECT):
        with pytest.raises(InvalidRequestError) as refused:
            world.run(action, STRANGER, connection=name, return_url=RETURN_URL, code="c" * 43)
        assert refused.value.rule == "request.connection"


def test_starting_another_callers_name_makes_ones_own(world: World) -> None:
    world.complete(world.connect())
    departure = world.depart(STRANGER)
    world.consent(refresh_token="strangers")

    world.complete(world.come_back(departure), proof=STRANGER)

    mine = world.connections.read(key_of("ada"))
    assert mine is not None
    assert mine.consent is not None
    assert mine.consent.refresh_token == Secret("refresh-1")
    assert world.connections.read(key_of("ada", owner="stranger")) is not None


def test_a_provider_that_quotes_the_code_is_not_quoted(world: World) -> None:
    departure = world.depart()
    world.provider.script(json_response({"error": "unknown_pomelo"}, status=400))

    with pytest.raises(ProviderRefusedError) as caught:
        world.come_back(departure, {"code": "Pomelo-and-more"})

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
def test_an_account_that_cannot_be_shown_as_it_is_has_no_name(world: World, account: str) -> None:
    departure = world.depart()
    world.consent()
    world.provider.account = {"id": account}

    world.come_back(departure)

    kept = world.connections.read(ConnectionKey(credential="hiring", owner="shop", name="ada"))
    assert kept is not None
    assert kept.pending is not None
    assert kept.pending.consent.account is None


def test_an_unknown_client_costs_one_read_whatever_it_asks_of_connections(world: World) -> None:
    nobody = Proof(Entry.OAUTH2, "client:nobody", client_secret=Secret("tv_guess"))

    for action in (Action.LIST, Action.INSPECT, Action.LIST):
        with pytest.raises(InvalidClientError):
            world.run(action, nobody, connection="ada")

    assert len(world.reader.lookups) == 1
    world.clock.advance(bounds.UNKNOWN_CLIENT_REMEMBERED)
    with pytest.raises(InvalidClientError):
        world.run(Action.LIST, nobody)
    assert len(world.reader.lookups) == 2


def test_nothing_of_a_flow_can_be_printed(world: World) -> None:
    departure = world.depart()
    session = world.sessions.read(departure.state)

    shown = f"{departure!r} {session!r}"

    assert session is not None
    assert session.flow is not None
    assert session.flow.code_verifier.reveal() not in shown
    assert departure.browser.reveal() not in shown
