"""From start to an active connection: what each step needs, and that it works once."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.provider import json_response
from tests.unit.consent.harness import DEFINITION, RETURN_URL, SHOP, Harness, key_of

from tokenvend.consent.caller_connections import Disconnected, FoundConnections
from tokenvend.consent.flow_steps import ConsentFlowEndedError, FlowEndReason
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
def harness() -> Harness:
    return Harness()


def authorization_of(definition: CredentialDefinition) -> Authorization:
    assert definition.authorization is not None
    return definition.authorization


def test_a_user_who_consents_is_an_active_connection_of_the_caller(harness: Harness) -> None:
    returned = harness.connect(scope="jobs_read")

    connection = harness.complete(returned)

    assert returned.url.startswith(RETURN_URL + "&connection=ada&code=")
    assert connection.status is ConnectionStatus.ACTIVE
    assert connection.key == key_of("ada")
    assert connection.consent is not None
    assert connection.consent.refresh_token == Secret("refresh-1")
    assert connection.consent.account == "ada"
    assert connection.consent.refresh_expires_at == harness.clock.now() + timedelta(days=28)
    assert harness.connections.read(key_of("ada")) == connection


def test_the_page_says_who_asks_for_what_and_uses_nothing_up(harness: Harness) -> None:
    link = harness.start()

    requested_scopes = [harness.pages.show(link) for _ in range(3)]

    assert {one.application for one in requested_scopes} == {"Shop"}
    assert requested_scopes[0].provider == "Hiring"
    assert requested_scopes[0].scopes == [("jobs_read", "See jobs")]
    assert harness.pages.proceed(link).url


def test_the_provider_is_asked_with_state_and_pkce(harness: Harness) -> None:
    redirect = harness.depart()

    parts = urlsplit(redirect.url)
    requested_scopes = parse_qs(parts.query)
    session = harness.sessions.read(redirect.state)
    assert session is not None
    assert session.flow is not None
    assert parts._replace(query="").geturl() == "https://hiring.example/allow"
    assert requested_scopes == {
        "brand": ["1"],
        "prompt": ["consent"],
        "response_type": ["code"],
        "client_id": ["our client"],
        "redirect_uri": ["https://connect.example/v1/callback/hiring"],
        "scope": ["jobs_read"],
        "state": [redirect.state.reveal()],
        "code_challenge": [code_challenge_of(session.flow.code_verifier)],
        "code_challenge_method": ["S256"],
    }


def test_pkce_is_as_rfc_7636_has_it_in_its_appendix_b() -> None:
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert code_challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_code_is_exchanged_with_the_verifier_that_was_challenged(harness: Harness) -> None:
    redirect = harness.depart()
    session = harness.sessions.read(redirect.state)
    assert session is not None
    assert session.flow is not None
    harness.consent()

    harness.come_back(redirect)

    form = harness.provider.requests[-1].form
    assert form["grant_type"] == "authorization_code"
    assert form["code"] == "code-1"
    assert form["redirect_uri"] == "https://connect.example/v1/callback/hiring"
    assert form["code_verifier"] == session.flow.code_verifier.reveal()


def test_the_code_is_exchanged_as_the_definition_describes_it(harness: Harness) -> None:
    described = {
        "parameters_in": "json",
        "parameters": {"app": "{secret.app}"},
        "headers": {"X-Key": "{secret.key}"},
    }
    harness.define(replace(DEFINITION, token_request=described))
    fields = {"app": Secret("the-app"), "key": Secret("the-key")}
    secret = harness.secrets.secrets["hiring", None]
    harness.secrets.secrets["hiring", None] = replace(secret, fields=fields)
    redirect = harness.depart()
    harness.consent()

    harness.come_back(redirect)

    request = harness.provider.requests[-1]
    assert request.parameters_in is ParametersIn.JSON
    assert (request.form["grant_type"], request.form["app"]) == ("authorization_code", "the-app")
    assert request.headers["X-Key"] == "the-key"
    assert {Secret("the-app"), Secret("the-key")} <= set(request.confidential)


def test_a_connection_is_pending_until_its_caller_completes_it(harness: Harness) -> None:
    harness.connect()

    found = harness.run(Action.INSPECT, connection="ada")

    assert isinstance(found, Connection)
    assert found.status is ConnectionStatus.PENDING


@pytest.mark.parametrize("step", ["link", "state", "code"])
def test_each_step_is_good_for_ten_minutes(harness: Harness, step: str) -> None:
    length = {
        "link": bounds.CONNECT_LINK,
        "state": bounds.CONSENT_AT_PROVIDER,
        "code": bounds.COMPLETION_CODE,
    }[step].total_seconds()
    link = harness.start()
    if step == "link":
        harness.clock.sleep(length - 1)
        assert harness.pages.show(link).application == "Shop"
        harness.clock.sleep(1)
        with pytest.raises(ConsentFlowEndedError) as ended:
            harness.pages.proceed(link)
        assert ended.value.reason is FlowEndReason.LINK_OVER
        return
    redirect = harness.pages.proceed(link)
    harness.consent()
    if step == "state":
        harness.clock.sleep(length)
        with pytest.raises(ConsentFlowEndedError) as ended:
            harness.come_back(redirect)
        assert ended.value.reason is FlowEndReason.STATE_OVER
        return
    returned = harness.come_back(redirect)
    harness.clock.sleep(length)
    with pytest.raises(InvalidGrantError) as refused:
        harness.complete(returned)
    assert refused.value.rule == "connection.expired"


def test_a_link_is_good_for_one_continue(harness: Harness) -> None:
    link = harness.start()
    harness.pages.proceed(link)

    for use in (harness.pages.show, harness.pages.proceed):
        with pytest.raises(ConsentFlowEndedError) as ended:
            use(link)
        assert ended.value.reason is FlowEndReason.LINK_OVER


def test_a_code_completes_once(harness: Harness) -> None:
    returned = harness.connect()
    harness.complete(returned)

    with pytest.raises(InvalidGrantError) as refused:
        harness.complete(returned)

    assert refused.value.rule == "connection.nothing_pending"


def test_denied_consent_keeps_nothing_and_tells_the_application(harness: Harness) -> None:
    redirect = harness.depart()

    returned = harness.come_back(redirect, {"error": "access_denied"})

    assert returned.denied
    assert returned.url == RETURN_URL + "&connection=ada&error=access_denied"
    assert harness.connections.read(key_of("ada")) is None
    assert harness.provider.requests == []


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
    harness: Harness, query: dict[str, str], provider_error: str
) -> None:
    redirect = harness.depart()

    with pytest.raises(ProviderRefusedError) as refused:
        harness.come_back(redirect, query)

    assert refused.value.provider_error == provider_error
    assert harness.connections.read(key_of("ada")) is None


def test_fewer_scopes_than_asked_are_kept_as_they_are(harness: Harness) -> None:
    harness.reader.grants[SHOP.identity, "hiring"] = replace(
        harness.reader.grants[SHOP.identity, "hiring"], scopes=ALL
    )

    connection = harness.complete(harness.connect(scope="jobs_read"))

    assert connection.consent is not None
    assert connection.consent.scopes == {"jobs_read"}


def test_more_scopes_than_asked_are_revoked_and_refused(harness: Harness) -> None:
    redirect = harness.depart()
    harness.consent(scope="jobs_read jobs_manage")

    with pytest.raises(ProviderRefusedError) as refused:
        harness.come_back(redirect)

    assert refused.value.provider_error == "scope_widened"
    assert harness.provider.requests[-1].form["token"] == "refresh-1"
    assert harness.connections.read(key_of("ada")) is None


def test_a_provider_without_a_refresh_token_is_of_no_use(harness: Harness) -> None:
    redirect = harness.depart()

    with pytest.raises(ProviderRefusedError) as refused:
        harness.come_back(redirect)

    assert refused.value.provider_error == "no_refresh_token"


def test_an_id_token_says_whose_it_is_without_asking_again(harness: Harness) -> None:
    # The payload says that sub is ada-7.
    redirect = harness.depart()
    harness.consent(id_token="e30.eyJzdWIiOiJhZGEtNyJ9.x")

    connection = harness.complete(harness.come_back(redirect))

    assert connection.consent is not None
    assert connection.consent.account == "ada-7"
    assert harness.provider.asked == []


def test_a_token_is_not_shown_to_another_host_than_the_secrets(harness: Harness) -> None:
    elsewhere = replace(
        authorization_of(DEFINITION), account_endpoint="https://elsewhere.example/me"
    )
    harness.define(replace(DEFINITION, authorization=elsewhere))

    connection = harness.complete(harness.connect())

    assert connection.consent is not None
    assert connection.consent.account is None
    assert harness.provider.asked == []


def test_reconnecting_keeps_the_connection_in_use_until_it_is_completed(harness: Harness) -> None:
    former = harness.complete(harness.connect())

    returned = harness.connect(refresh_token="refresh-2")

    meanwhile = harness.connections.read(key_of("ada"))
    assert meanwhile is not None
    assert meanwhile.consent == former.consent
    renewed = harness.complete(returned)
    assert renewed.consent is not None
    assert renewed.consent.refresh_token == Secret("refresh-2")
    assert renewed.key == former.key


def test_another_account_is_refused_unless_told(harness: Harness) -> None:
    harness.complete(harness.connect(account="ada"))
    returned = harness.connect(account="grace")

    with pytest.raises(AccountChangedError):
        harness.complete(returned)

    kept = harness.connections.read(key_of("ada"))
    assert kept is not None
    assert kept.consent is not None
    assert kept.consent.account == "ada"
    changed = harness.complete(returned, may_change_account="true")
    assert changed.consent is not None
    assert changed.consent.account == "grace"


@pytest.mark.parametrize(("status", "revoked"), [(200, True), (503, False)])
def test_disconnecting_deletes_and_tells_the_provider(
    harness: Harness, status: int, *, revoked: bool
) -> None:
    harness.complete(harness.connect())
    harness.provider.script(json_response({}, status=status))

    gone = harness.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked)
    assert harness.provider.requests[-1].url == "https://hiring.example/revoke"
    assert harness.provider.requests[-1].form["token_type_hint"] == "refresh_token"
    with pytest.raises(InvalidTargetError):
        harness.run(Action.INSPECT, connection="ada")


def test_disconnecting_revokes_a_consent_that_waits_to_be_completed_too(harness: Harness) -> None:
    harness.complete(harness.connect(refresh_token="refresh-active"))
    harness.connect(refresh_token="refresh-waiting")
    harness.provider.script(json_response({}), json_response({}))

    gone = harness.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked=True)
    told = [each.form["token"] for each in harness.provider.requests[-2:]]
    assert told == ["refresh-active", "refresh-waiting"]


@pytest.mark.parametrize("away", ["provider", "no endpoint", "secret"])
def test_disconnecting_deletes_whatever_the_provider_does(harness: Harness, away: str) -> None:
    harness.complete(harness.connect())
    if away == "provider":
        harness.provider.is_away = True
    elif away == "secret":
        harness.secrets.secrets.clear()
    else:
        harness.define(replace(DEFINITION, revocation_endpoint=None))

    gone = harness.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked=False)
    assert harness.connections.read(key_of("ada")) is None


def test_the_list_has_the_callers_own_of_this_credential_and_no_dead_ones(harness: Harness) -> None:
    for name in ("bob", "ada"):
        harness.complete(harness.connect(connection=name))
    harness.connect(connection="never-completed")
    harness.clock.sleep(bounds.COMPLETION_CODE.total_seconds())

    found = harness.run(Action.LIST)

    assert isinstance(found, FoundConnections)
    assert [one.key.name for one in found.connections] == ["ada", "bob"]


def test_starting_asks_for_no_more_than_the_grant(harness: Harness) -> None:
    with pytest.raises(InvalidScopeError):
        harness.start(scope="jobs_manage")


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
def test_what_is_taken_away_meanwhile_ends_the_flow(harness: Harness, change: str) -> None:
    link, redirect = harness.start(), harness.depart()
    grant = harness.reader.grants[SHOP.identity, "hiring"]
    match change:
        case "grant":
            del harness.reader.grants[SHOP.identity, "hiring"]
        case "return_url":
            grant = replace(grant, return_urls=frozenset({"https://shop.example/"}))
            harness.reader.grants[SHOP.identity, "hiring"] = grant
        case "scope":
            grant = replace(grant, scopes=frozenset({"other"}))
            harness.reader.grants[SHOP.identity, "hiring"] = grant
        case "caller_blocked":
            harness.reader.blocked.add(SHOP.identity)
        case "credential_blocked":
            harness.reader.blocked.add("hiring")
        case "caller":
            del harness.reader.callers[SHOP.identity]
        case "credential":
            del harness.reader.definitions["hiring"]

    for go_on in (lambda: harness.pages.show(link), lambda: harness.come_back(redirect)):
        with pytest.raises((UnauthorizedClientError, InvalidRequestError, InvalidScopeError)):
            go_on()

    assert harness.provider.requests == []


def test_a_secret_that_is_not_ready_leaves_the_link_good(harness: Harness) -> None:
    link = harness.start()
    known = dict(harness.secrets.secrets)
    harness.secrets.secrets.clear()

    with pytest.raises(CredentialNotReadyError):
        harness.pages.proceed(link)

    harness.secrets.secrets.update(known)
    assert harness.pages.proceed(link).url


def test_a_redirect_uri_that_is_not_the_callback_is_told_at_start(harness: Harness) -> None:
    elsewhere = replace(authorization_of(DEFINITION), redirect_uri="https://shop.example/cb")
    harness.define(replace(DEFINITION, authorization=elsewhere))

    with pytest.raises(CredentialNotReadyError) as refused:
        harness.start()

    assert refused.value.rule == "connection.pages"


def test_no_exchange_starts_that_could_not_end(harness: Harness) -> None:
    redirect = harness.depart()
    harness.consent()

    with pytest.raises(TemporarilyUnavailableError):
        harness.come_back(redirect, time_left=bounds.EXCHANGE_NEEDS - timedelta(seconds=1))

    assert harness.come_back(redirect, time_left=bounds.EXCHANGE_NEEDS).url


@pytest.mark.parametrize("away", ["sessions", "connections", "registry", "provider"])
def test_what_is_away_is_told_as_temporary(harness: Harness, away: str) -> None:
    redirect = harness.depart()
    harness.consent()
    match away:
        case "sessions":
            harness.sessions.is_away = True
        case "connections":
            harness.connections.is_away = True
        case "registry":
            harness.reader.fails_with = StoreAwayError("away")
        case "provider":
            harness.provider.script(ProviderAwayError("away"))
            harness.provider.is_away = True

    with pytest.raises(TemporarilyUnavailableError):
        harness.come_back(redirect)


@pytest.mark.parametrize("action", list(Action))
def test_a_caller_without_a_grant_has_no_connections(harness: Harness, action: Action) -> None:
    harness.reader.grants.clear()

    with pytest.raises(TokenVendError) as refused:
        harness.run(action, connection="ada", return_url=RETURN_URL, code="c" * 43)

    assert isinstance(refused.value, UnauthorizedClientError)
    assert refused.value.caller == "shop"
