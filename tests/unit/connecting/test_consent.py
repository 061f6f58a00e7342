"""From start to an active connection: what each step needs, and that it works once."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.provider import json_response
from tests.unit.connecting.world import DEFINITION, RETURN_URL, SHOP, World, key_of

from tokenvend.connecting.connections import Disconnected, Found
from tokenvend.connecting.steps import ConsentEndedError, WhyNot
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionStatus
from tokenvend.domain.connection_request import Action
from tokenvend.domain.consent import code_challenge_of
from tokenvend.domain.errors import (
    AccountChangedError,
    CredentialNotReadyError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    InvalidTargetError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.domain.oauth.token_request import ParametersIn
from tokenvend.domain.registry import Authorization, CredentialDefinition
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.ports import ProviderAwayError, StoreAwayError

ALL: Scopes = frozenset({"jobs_read", "jobs_manage"})


@pytest.fixture
def world() -> World:
    return World()


def authorization_of(definition: CredentialDefinition) -> Authorization:
    assert definition.authorization is not None
    return definition.authorization


def test_a_user_who_consents_is_an_active_connection_of_the_caller(world: World) -> None:
    returned = world.connect(scope="jobs_read")

    connection = world.complete(returned)

    assert returned.url.startswith(RETURN_URL + "&connection=ada&code=")
    assert connection.status is ConnectionStatus.ACTIVE
    assert connection.key == key_of("ada")
    assert connection.consent is not None
    assert connection.consent.refresh_token == Secret("refresh-1")
    assert connection.consent.account == "ada"
    assert connection.consent.refresh_expires_at == world.clock.now() + timedelta(days=28)
    assert world.connections.read(key_of("ada")) == connection


def test_the_page_says_who_asks_for_what_and_uses_nothing_up(world: World) -> None:
    link = world.start()

    asked = [world.pages.show(link) for _ in range(3)]

    assert {one.application for one in asked} == {"Shop"}
    assert asked[0].provider == "Hiring"
    assert asked[0].scopes == [("jobs_read", "See jobs")]
    assert world.pages.proceed(link).url


def test_the_provider_is_asked_with_state_and_pkce(world: World) -> None:
    departure = world.depart()

    parts = urlsplit(departure.url)
    asked = parse_qs(parts.query)
    session = world.sessions.read(departure.state)
    assert session is not None
    assert session.flow is not None
    assert parts._replace(query="").geturl() == "https://hiring.example/allow"
    assert asked == {
        "brand": ["1"],
        "prompt": ["consent"],
        "response_type": ["code"],
        "client_id": ["our client"],
        "redirect_uri": ["https://connect.example/v1/callback/hiring"],
        "scope": ["jobs_read"],
        "state": [departure.state.reveal()],
        "code_challenge": [code_challenge_of(session.flow.code_verifier)],
        "code_challenge_method": ["S256"],
    }


def test_pkce_is_as_rfc_7636_has_it_in_its_appendix_b() -> None:
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert code_challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_code_is_exchanged_with_the_verifier_that_was_challenged(world: World) -> None:
    departure = world.depart()
    session = world.sessions.read(departure.state)
    assert session is not None
    assert session.flow is not None
    world.consent()

    world.come_back(departure)

    form = world.provider.requests[-1].form
    assert form["grant_type"] == "authorization_code"
    assert form["code"] == "code-1"
    assert form["redirect_uri"] == "https://connect.example/v1/callback/hiring"
    assert form["code_verifier"] == session.flow.code_verifier.reveal()


def test_the_code_is_exchanged_as_the_definition_describes_it(world: World) -> None:
    described = {
        "parameters_in": "json",
        "parameters": {"app": "{secret.app}"},
        "headers": {"X-Key": "{secret.key}"},
    }
    world.define(replace(DEFINITION, token_request=described))
    fields = {"app": Secret("the-app"), "key": Secret("the-key")}
    secret = world.secrets.secrets["hiring", None]
    world.secrets.secrets["hiring", None] = replace(secret, fields=fields)
    departure = world.depart()
    world.consent()

    world.come_back(departure)

    request = world.provider.requests[-1]
    assert request.parameters_in is ParametersIn.JSON
    assert (request.form["grant_type"], request.form["app"]) == ("authorization_code", "the-app")
    assert request.headers["X-Key"] == "the-key"
    assert {Secret("the-app"), Secret("the-key")} <= set(request.confidential)


def test_a_connection_is_pending_until_its_caller_completes_it(world: World) -> None:
    world.connect()

    found = world.run(Action.INSPECT, connection="ada")

    assert isinstance(found, Connection)
    assert found.status is ConnectionStatus.PENDING


@pytest.mark.parametrize("step", ["link", "state", "code"])
def test_each_step_is_good_for_ten_minutes(world: World, step: str) -> None:
    length = {
        "link": bounds.CONNECT_LINK,
        "state": bounds.CONSENT_AT_PROVIDER,
        "code": bounds.COMPLETION_CODE,
    }[step].total_seconds()
    link = world.start()
    if step == "link":
        world.clock.sleep(length - 1)
        assert world.pages.show(link).application == "Shop"
        world.clock.sleep(1)
        with pytest.raises(ConsentEndedError) as ended:
            world.pages.proceed(link)
        assert ended.value.reason is WhyNot.LINK_OVER
        return
    departure = world.pages.proceed(link)
    world.consent()
    if step == "state":
        world.clock.sleep(length)
        with pytest.raises(ConsentEndedError) as ended:
            world.come_back(departure)
        assert ended.value.reason is WhyNot.STATE_OVER
        return
    returned = world.come_back(departure)
    world.clock.sleep(length)
    with pytest.raises(InvalidGrantError) as refused:
        world.complete(returned)
    assert refused.value.rule == "connection.expired"


def test_a_link_is_good_for_one_continue(world: World) -> None:
    link = world.start()
    world.pages.proceed(link)

    for use in (world.pages.show, world.pages.proceed):
        with pytest.raises(ConsentEndedError) as ended:
            use(link)
        assert ended.value.reason is WhyNot.LINK_OVER


def test_a_code_completes_once(world: World) -> None:
    returned = world.connect()
    world.complete(returned)

    with pytest.raises(InvalidGrantError) as refused:
        world.complete(returned)

    assert refused.value.rule == "connection.nothing_pending"


def test_denied_consent_keeps_nothing_and_tells_the_application(world: World) -> None:
    departure = world.depart()

    returned = world.come_back(departure, {"error": "access_denied"})

    assert returned.denied
    assert returned.url == RETURN_URL + "&connection=ada&error=access_denied"
    assert world.connections.read(key_of("ada")) is None
    assert world.provider.requests == []


@pytest.mark.parametrize(
    ("query", "provider_error"),
    [
        ({"error": "server_error"}, "server_error"),
        ({"error": "<script>"}, "malformed_error"),
        ({"code": ""}, "no_code"),
    ],
    ids=str,
)
def test_a_provider_that_fails_keeps_nothing(
    world: World, query: dict[str, str], provider_error: str
) -> None:
    departure = world.depart()

    with pytest.raises(ProviderRefusedError) as refused:
        world.come_back(departure, query)

    assert refused.value.provider_error == provider_error
    assert world.connections.read(key_of("ada")) is None


def test_fewer_scopes_than_asked_are_kept_as_they_are(world: World) -> None:
    world.reader.grants[SHOP.identity, "hiring"] = replace(
        world.reader.grants[SHOP.identity, "hiring"], scopes=ALL
    )

    connection = world.complete(world.connect(scope="jobs_read"))

    assert connection.consent is not None
    assert connection.consent.scopes == {"jobs_read"}


def test_more_scopes_than_asked_are_revoked_and_refused(world: World) -> None:
    departure = world.depart()
    world.consent(scope="jobs_read jobs_manage")

    with pytest.raises(ProviderRefusedError) as refused:
        world.come_back(departure)

    assert refused.value.provider_error == "scope_widened"
    assert world.provider.requests[-1].form["token"] == "refresh-1"
    assert world.connections.read(key_of("ada")) is None


def test_a_provider_without_a_refresh_token_is_of_no_use(world: World) -> None:
    departure = world.depart()

    with pytest.raises(ProviderRefusedError) as refused:
        world.come_back(departure)

    assert refused.value.provider_error == "no_refresh_token"


def test_an_id_token_says_whose_it_is_without_asking_again(world: World) -> None:
    # The payload says that sub is ada-7.
    departure = world.depart()
    world.consent(id_token="e30.eyJzdWIiOiJhZGEtNyJ9.x")

    connection = world.complete(world.come_back(departure))

    assert connection.consent is not None
    assert connection.consent.account == "ada-7"
    assert world.provider.asked == []


def test_a_token_is_not_shown_to_another_host_than_the_secrets(world: World) -> None:
    elsewhere = replace(
        authorization_of(DEFINITION), account_endpoint="https://elsewhere.example/me"
    )
    world.define(replace(DEFINITION, authorization=elsewhere))

    connection = world.complete(world.connect())

    assert connection.consent is not None
    assert connection.consent.account is None
    assert world.provider.asked == []


def test_reconnecting_keeps_the_connection_in_use_until_it_is_completed(world: World) -> None:
    former = world.complete(world.connect())

    returned = world.connect(refresh_token="refresh-2")

    meanwhile = world.connections.read(key_of("ada"))
    assert meanwhile is not None
    assert meanwhile.consent == former.consent
    renewed = world.complete(returned)
    assert renewed.consent is not None
    assert renewed.consent.refresh_token == Secret("refresh-2")
    assert renewed.key == former.key


def test_another_account_is_refused_unless_told(world: World) -> None:
    world.complete(world.connect(account="ada"))
    returned = world.connect(account="grace")

    with pytest.raises(AccountChangedError):
        world.complete(returned)

    kept = world.connections.read(key_of("ada"))
    assert kept is not None
    assert kept.consent is not None
    assert kept.consent.account == "ada"
    changed = world.complete(returned, may_change_account="true")
    assert changed.consent is not None
    assert changed.consent.account == "grace"


@pytest.mark.parametrize(("status", "revoked"), [(200, True), (503, False)])
def test_disconnecting_deletes_and_tells_the_provider(
    world: World, status: int, *, revoked: bool
) -> None:
    world.complete(world.connect())
    world.provider.script(json_response({}, status=status))

    gone = world.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked)
    assert world.provider.requests[-1].url == "https://hiring.example/revoke"
    assert world.provider.requests[-1].form["token_type_hint"] == "refresh_token"
    with pytest.raises(InvalidTargetError):
        world.run(Action.INSPECT, connection="ada")


def test_disconnecting_revokes_a_consent_that_waits_to_be_completed_too(world: World) -> None:
    world.complete(world.connect(refresh_token="refresh-active"))
    world.connect(refresh_token="refresh-waiting")
    world.provider.script(json_response({}), json_response({}))

    gone = world.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked=True)
    told = [each.form["token"] for each in world.provider.requests[-2:]]
    assert told == ["refresh-active", "refresh-waiting"]


@pytest.mark.parametrize("away", ["provider", "no endpoint", "secret"])
def test_disconnecting_deletes_whatever_the_provider_does(world: World, away: str) -> None:
    world.complete(world.connect())
    if away == "provider":
        world.provider.is_away = True
    elif away == "secret":
        world.secrets.secrets.clear()
    else:
        world.define(replace(DEFINITION, revocation_endpoint=None))

    gone = world.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked=False)
    assert world.connections.read(key_of("ada")) is None


def test_the_list_has_the_callers_own_of_this_credential_and_no_dead_ones(world: World) -> None:
    for name in ("bob", "ada"):
        world.complete(world.connect(connection=name))
    world.connect(connection="never-completed")
    world.clock.sleep(bounds.COMPLETION_CODE.total_seconds())

    found = world.run(Action.LIST)

    assert isinstance(found, Found)
    assert [one.key.name for one in found.connections] == ["ada", "bob"]


def test_starting_asks_for_no_more_than_the_grant(world: World) -> None:
    with pytest.raises(InvalidScopeError):
        world.start(scope="jobs_manage")


@pytest.mark.parametrize(
    "change",
    [
        "grant",
        "return_url",
        "scope",
        "caller_blocked",
        "credential_blocked",
        "caller",
        "credential",
    ],
)
def test_what_is_taken_away_meanwhile_ends_the_flow(world: World, change: str) -> None:
    link, departure = world.start(), world.depart()
    grant = world.reader.grants[SHOP.identity, "hiring"]
    match change:
        case "grant":
            del world.reader.grants[SHOP.identity, "hiring"]
        case "return_url":
            grant = replace(grant, return_urls=frozenset({"https://shop.example/"}))
            world.reader.grants[SHOP.identity, "hiring"] = grant
        case "scope":
            grant = replace(grant, scopes=frozenset({"other"}))
            world.reader.grants[SHOP.identity, "hiring"] = grant
        case "caller_blocked":
            world.reader.blocked.add(SHOP.identity)
        case "credential_blocked":
            world.reader.blocked.add("hiring")
        case "caller":
            del world.reader.callers[SHOP.identity]
        case "credential":
            del world.reader.definitions["hiring"]

    for go_on in (lambda: world.pages.show(link), lambda: world.come_back(departure)):
        with pytest.raises((UnauthorizedClientError, InvalidRequestError, InvalidScopeError)):
            go_on()

    assert world.provider.requests == []


def test_a_secret_that_is_not_ready_leaves_the_link_good(world: World) -> None:
    link = world.start()
    known = dict(world.secrets.secrets)
    world.secrets.secrets.clear()

    with pytest.raises(CredentialNotReadyError):
        world.pages.proceed(link)

    world.secrets.secrets.update(known)
    assert world.pages.proceed(link).url


def test_a_redirect_uri_that_is_not_the_callback_is_told_at_start(world: World) -> None:
    elsewhere = replace(authorization_of(DEFINITION), redirect_uri="https://shop.example/cb")
    world.define(replace(DEFINITION, authorization=elsewhere))

    with pytest.raises(CredentialNotReadyError) as refused:
        world.start()

    assert refused.value.rule == "connection.pages"


def test_no_exchange_starts_that_could_not_end(world: World) -> None:
    departure = world.depart()
    world.consent()

    with pytest.raises(TemporarilyUnavailableError):
        world.come_back(departure, time_left=bounds.EXCHANGE_NEEDS - timedelta(seconds=1))

    assert world.come_back(departure, time_left=bounds.EXCHANGE_NEEDS).url


@pytest.mark.parametrize("away", ["sessions", "connections", "registry", "provider"])
def test_what_is_away_is_told_as_temporary(world: World, away: str) -> None:
    departure = world.depart()
    world.consent()
    match away:
        case "sessions":
            world.sessions.is_away = True
        case "connections":
            world.connections.is_away = True
        case "registry":
            world.reader.fails_with = StoreAwayError("away")
        case "provider":
            world.provider.script(ProviderAwayError("away"))
            world.provider.is_away = True

    with pytest.raises(TemporarilyUnavailableError):
        world.come_back(departure)


@pytest.mark.parametrize("action", list(Action))
def test_a_caller_without_a_grant_has_no_connections(world: World, action: Action) -> None:
    world.reader.grants.clear()

    with pytest.raises(TokenVendError) as refused:
        world.run(action, connection="ada", return_url=RETURN_URL, code="c" * 43)

    assert isinstance(refused.value, UnauthorizedClientError)
    assert refused.value.caller == "shop"
