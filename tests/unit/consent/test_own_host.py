"""A connection at its customer's own host: started there, and there for its whole life."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.harness import DEFINITION, STRANGER, Harness, key_of
from tests.unit.consent.refreshing import CONSENT, KEY, Refreshing
from tests.unit.consent.refreshing import DEFINITION as REFRESHED
from tests.unit.domain.test_tenant_values import ATTACKS

from tokenvend.consent.caller_connections import Disconnected
from tokenvend.consent.connection_import import import_connection
from tokenvend.consent.disconnection import end_connection
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_request import (
    Action,
    ConnectionRequest,
    parse_connection_request,
)
from tokenvend.domain.credential_definition import Authorization, CredentialDefinition
from tokenvend.domain.errors import (
    ConsentRequiredError,
    CredentialNotReadyError,
    InvalidGrantError,
    InvalidRequestError,
    ProviderRefusedError,
)
from tokenvend.domain.oauth.token_request import ProviderRequest, host_of
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import NotBoundError, TenantBinding
from tokenvend.entries.connection_answer import connection_answer
from tokenvend.entries.direct import parse_direct_request
from tokenvend.entries.pages.html import ask_page

HOST = "acme.shops.example"
#: Where the client's secret may go, as its tag has it.
RECORDED = "@any.shops.example"
VALUES = {"domain": ("*.shops.example",)}


def authorization_of(definition: CredentialDefinition) -> Authorization:
    assert definition.authorization is not None
    return definition.authorization


OWN_HOST = replace(
    DEFINITION,
    token_endpoint="https://{tenant.domain}/token",
    revocation_endpoint="https://{tenant.domain}/revoke",
    authorization=replace(
        authorization_of(DEFINITION),
        endpoint="https://{tenant.domain}/allow",
        account_endpoint="https://{tenant.domain}/me",
        parameters={"audience": "https://{tenant.domain}/api"},
    ),
    tenant_values=VALUES,
)
REFRESHED_THERE = replace(
    REFRESHED,
    token_endpoint="https://{tenant.domain}/token",
    revocation_endpoint="https://{tenant.domain}/revoke",
    tenant_values=VALUES,
)
AT_HOST: dict[str, Any] = {"tenant.domain": HOST}
AT_GLOBEX: dict[str, Any] = {"tenant.domain": "globex.shops.example"}
BINDING = TenantBinding({"domain": HOST}, HOST)


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.define(OWN_HOST)
    record(harness, RECORDED)
    return harness


def record(harness: Harness, host: str) -> None:
    harness.secrets.secrets["hiring", None] = replace(
        harness.secrets.secrets["hiring", None], allowed_host=host
    )


def connected(harness: Harness, at: dict[str, Any] = AT_HOST) -> Connection:
    redirect = harness.pages.proceed(harness.start(**at))
    harness.consent()
    return harness.complete(harness.come_back(redirect))


def hosts(harness: Harness | Refreshing) -> list[str]:
    return [request.url.split("/")[2] for request in harness.provider.requests]


def test_user_is_asked_and_the_code_is_exchanged_at_the_own_host(harness: Harness) -> None:
    link = harness.start(**AT_HOST)

    page = ask_page(harness.pages.show(link))
    redirect = harness.pages.proceed(link)
    harness.consent()
    connection = harness.complete(harness.come_back(redirect))

    assert f"<strong>{HOST}</strong>" in page
    assert redirect.url.startswith(f"https://{HOST}/allow?")
    assert "audience=https%3A%2F%2Facme.shops.example%2Fapi" in redirect.url
    assert [request.url for request in harness.provider.requests] == [f"https://{HOST}/token"]
    assert [url for url, _ in harness.provider.asked] == [f"https://{HOST}/me"]
    assert connection.consent is not None
    assert connection.consent.tenant == BINDING
    assert connection_answer(connection)["tenant.domain"] == HOST


def test_consent_is_revoked_at_the_own_host(harness: Harness) -> None:
    connected(harness)

    ended = harness.run(Action.DISCONNECT, connection="ada")

    assert isinstance(ended, Disconnected)
    assert harness.provider.requests[-1].url == f"https://{HOST}/revoke"


@pytest.mark.parametrize("attack", ATTACKS)
def test_user_that_names_another_host_starts_nothing(harness: Harness, attack: str) -> None:
    at: dict[str, Any] = {"tenant.domain": ATTACKS[attack].replace("provider", "shops")}

    with pytest.raises(InvalidRequestError, match=r"tenant\.domain") as caught:
        harness.start(**at)

    assert caught.value.rule == "connection.tenant_value"
    assert not harness.provider.requests


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "tenant.domain is needed"),
        ({"tenant.domain": HOST, "tenant.shop": "a"}, "tenant.shop is no value"),
        ({"tenant.shop": "a"}, "tenant.shop is no value"),
        ({"tenant.domain": 7}, "tenant.domain must be a text"),
    ],
)
def test_values_are_those_of_the_file(harness: Harness, given: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        harness.start(**given)


def test_credential_at_one_host_takes_no_values() -> None:
    harness = Harness()

    with pytest.raises(InvalidRequestError, match="is no value that the file declares"):
        harness.start(**AT_HOST)


def test_secret_that_is_recorded_for_other_hosts_is_not_sent(harness: Harness) -> None:
    link = harness.start(**AT_HOST)
    record(harness, "@any.other.example")

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.pages.proceed(link)

    assert caught.value.rule == "secret.host"
    assert not harness.provider.requests


@pytest.mark.parametrize(
    "changed",
    [
        {"token_endpoint": "https://{tenant.domain}.evil.example/token"},
        {"tenant_values": {"domain": ("*.evil.example",)}},
        {"tenant_values": {"domain": ("*.shops.example",), "more": ("*",)}},
        {"token_endpoint": "https://hiring.example/token", "tenant_values": {}},
    ],
)
def test_file_that_changes_while_a_user_consents_sends_nobody_elsewhere(
    harness: Harness, changed: dict[str, object]
) -> None:
    redirect = harness.pages.proceed(harness.start(**AT_HOST))
    harness.define(replace(OWN_HOST, **changed))  # type: ignore[arg-type]
    record(harness, "@any.evil.example hiring.example @any.shops.example.evil.example")

    with pytest.raises(InvalidRequestError) as caught:
        harness.come_back(redirect)

    assert caught.value.rule == "connection.tenant_value"
    assert not harness.provider.requests


def test_reconnecting_keeps_the_host_and_needs_no_value(harness: Harness) -> None:
    connected(harness)

    redirect = harness.pages.proceed(harness.start())
    harness.consent(refresh_token="refresh-2")
    again = harness.complete(harness.come_back(redirect))

    assert again.consent is not None
    assert again.consent.tenant == BINDING
    assert hosts(harness) == [HOST, HOST]


def test_connection_does_not_move_to_another_host(harness: Harness) -> None:
    connected(harness)

    with pytest.raises(InvalidRequestError, match="disconnect it first"):
        harness.start(**AT_GLOBEX)

    harness.run(Action.DISCONNECT, connection="ada")
    moved = connected(harness, AT_GLOBEX)
    assert moved.consent is not None
    assert moved.consent.tenant is not None
    assert moved.consent.tenant.host == "globex.shops.example"


def test_of_two_consents_at_once_the_later_one_does_not_move_the_connection(
    harness: Harness,
) -> None:
    first = harness.pages.proceed(harness.start(**AT_HOST))
    second = harness.pages.proceed(harness.start(**AT_GLOBEX))
    harness.consent()
    harness.complete(harness.come_back(first))
    harness.consent(refresh_token="refresh-2")
    returned = harness.come_back(second)

    for told in ("false", "true"):
        with pytest.raises(InvalidGrantError) as caught:
            harness.complete(returned, may_change_account=told)
        assert caught.value.rule == "connection.another_host"

    kept = harness.connections.read(key_of("ada"))
    assert kept is not None
    assert kept.consent is not None
    assert kept.consent.tenant == BINDING


def test_callers_connections_have_hosts_of_their_own(harness: Harness) -> None:
    connected(harness)

    other = harness.pages.proceed(harness.start(STRANGER, **AT_GLOBEX))

    assert other.url.startswith("https://globex.shops.example/allow?")


class RefusesAt(RotatingProvider):
    """A provider of which one customer's host knows the client no more."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        if host_of(request.url) == HOST:
            return json_response({"error": "invalid_client"}, status=401)
        return super().send(request)


class RefreshedThere(Refreshing):
    """One connection at its own host, and a secret for all of them."""

    def __init__(
        self,
        definition: CredentialDefinition = REFRESHED_THERE,
        *,
        provider: RotatingProvider | None = None,
    ) -> None:
        super().__init__(
            definition=definition,
            consent=replace(CONSENT, tenant=BINDING),
            provider=provider,
        )
        held = self.secrets.secrets
        held["jobs", None] = replace(held["jobs", None], allowed_host=RECORDED)


def test_refresh_token_is_redeemed_at_the_own_host_and_keeps_it() -> None:
    harness = RefreshedThere()

    harness.refresh()
    harness.refresh()

    assert {request.url for request in harness.rotating.requests} == {f"https://{HOST}/token"}
    consent = harness.connection.consent
    assert consent is not None
    assert consent.tenant == BINDING


@pytest.mark.parametrize(
    "changed",
    [
        {"token_endpoint": "https://{tenant.domain}.evil.example/token"},
        {"token_endpoint": "https://evil.example/token", "tenant_values": {}},
        {"tenant_values": {"domain": ("*.evil.example",)}},
    ],
)
def test_file_that_leads_elsewhere_redeems_nothing_and_loses_nothing(
    changed: dict[str, object],
) -> None:
    harness = RefreshedThere(replace(REFRESHED_THERE, **changed))  # type: ignore[arg-type]

    with pytest.raises(ConsentRequiredError) as caught:
        harness.refresh()

    assert caught.value.rule == "connection.tenant_value"
    assert not harness.rotating.requests
    assert harness.event_type() == []
    harness.definition = REFRESHED_THERE
    harness.clock.advance(timedelta(seconds=2))
    harness.refresh()
    assert harness.refresh_token == "refresh-2"


def test_connection_from_before_there_were_hosts_must_be_started_again() -> None:
    harness = Refreshing(definition=REFRESHED_THERE)

    with pytest.raises(ConsentRequiredError):
        harness.refresh()

    assert not harness.rotating.requests


def test_consent_whose_host_the_file_knows_no_more_is_ended_and_nobody_is_told() -> None:
    harness = RefreshedThere()
    moved = replace(REFRESHED_THERE, tenant_values={"domain": ("*.evil.example",)})

    deleted, revoked = end_connection(
        harness.connections,
        KEY,
        moved,
        secrets=harness.secrets,
        provider=harness.provider,
        publish=harness.events.append,
    )

    assert deleted is not None
    assert not revoked
    assert not harness.rotating.requests


def test_imported_refresh_token_is_redeemed_at_its_own_host() -> None:
    harness = RefreshedThere()

    def take_over(values: dict[str, str]) -> Connection:
        return import_connection(
            harness.connections,
            REFRESHED_THERE,
            KEY,
            refresh_token=Secret("refresh-1"),
            scopes=CONSENT.scopes,
            account=None,
            tenant_values=values,
            replace=True,
            now=harness.clock.now(),
            publish=harness.events.append,
        )

    for wrong in ({}, {"domain": "evil.example"}):
        with pytest.raises(NotBoundError):
            take_over(wrong)
    take_over({"domain": "globex.shops.example"})
    harness.refresh()

    assert harness.rotating.requests[-1].url == "https://globex.shops.example/token"


def test_value_is_a_parameter_of_start_alone_over_every_entry() -> None:
    requested_scopes = {
        "action": "start",
        "credential": "hiring",
        "connection": "ada",
        "return_url": "https://shop.example/connected",
        "tenant.domain": HOST,
    }

    request = parse_direct_request({"connections": requested_scopes})

    assert isinstance(request, ConnectionRequest)
    assert request.tenant_values == {"domain": HOST}
    for odd in ({"tenant.Domain": HOST}, {"tenant.": HOST}, {"tenant": HOST}):
        with pytest.raises(InvalidRequestError, match="fields that no request has"):
            parse_direct_request({"connections": requested_scopes | odd})
    with pytest.raises(InvalidRequestError, match="fields that no request has"):
        parse_direct_request({"connections": requested_scopes | {"action": "inspect"}})
    # Over HTTP, what an action does not take is ignored (RFC 6749 §3.2).
    assert parse_connection_request("inspect", "hiring", requested_scopes).tenant_values == {}


def test_what_one_customers_host_says_is_nothing_against_the_others() -> None:
    """Any customer may remove us as a client of its own: the others' tokens are vended still."""
    harness = RefreshedThere(provider=RefusesAt())
    other = replace(KEY, name="globex")
    there = TenantBinding({"domain": "globex.shops.example"}, "globex.shops.example")
    harness.connections.seed(
        Connection(key=other, consent=replace(CONSENT, consent_id="c-2", tenant=there), number=1)
    )
    requested_scopes = VendRequest(credential="jobs", connection="acme")

    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment(), requested_scopes)

    assert harness.states.state("jobs").failure is None
    vended = harness.vend(harness.environment(), replace(requested_scopes, connection="globex"))
    assert vended.answer.token.access_token.reveal()
