"""From start to an active connection: what each step needs, and that it works once."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.consent.consenting import harness
from tests.unit.consent.harness import DEFINITION, RETURN_URL, Harness, key_of

from tokenvend.consent.flow_steps import ConsentFlowEndedError, FlowEndReason
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionStatus
from tokenvend.domain.connection_request import Action
from tokenvend.domain.consent import code_challenge_of
from tokenvend.domain.errors import (
    InvalidGrantError,
)
from tokenvend.domain.oauth.token_request import ParametersIn
from tokenvend.domain.secret import Secret

__all__ = ["harness"]


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
