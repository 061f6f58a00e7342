"""A user consents at the customer's own host, and the connection stays there."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.consent.harness import STRANGER, Harness, key_of
from tests.unit.consent.own_host import AT_GLOBEX, AT_HOST, BINDING, HOST, OWN_HOST, SECRET_HOSTS
from tests.unit.consent.refreshing import Refreshing
from tests.unit.domain.host_attacks import HOST_ATTACKS

from tokenvend.consent.caller_connections import Disconnected
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_request import Action, ConnectionRequest, parse_connection_request
from tokenvend.domain.errors import CredentialNotReadyError, InvalidGrantError, InvalidRequestError
from tokenvend.entries.connection_answer import connection_answer
from tokenvend.entries.direct import parse_direct_request
from tokenvend.entries.pages.html import ask_page


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.define(OWN_HOST)
    record(harness, SECRET_HOSTS)
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


@pytest.mark.parametrize("attack", HOST_ATTACKS)
def test_user_that_names_another_host_starts_nothing(harness: Harness, attack: str) -> None:
    at: dict[str, Any] = {"tenant.domain": HOST_ATTACKS[attack].replace("provider", "shops")}

    with pytest.raises(InvalidRequestError, match=r"tenant\.domain") as caught:
        harness.start(**at)

    assert caught.value.rule == "connection.tenant_value"
    assert caught.value.caller == "shop"
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
    assert caught.value.caller == "shop"
    assert any(
        each in caught.value.description
        for each in ("tenant.", "the connection was started at another host")
    )
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
        assert caught.value.description == (
            "The user consented at another host than before: disconnect the connection first."
        )

    kept = harness.connections.read(key_of("ada"))
    assert kept is not None
    assert kept.consent is not None
    assert kept.consent.tenant == BINDING


def test_callers_connections_have_hosts_of_their_own(harness: Harness) -> None:
    connected(harness)

    other = harness.pages.proceed(harness.start(STRANGER, **AT_GLOBEX))

    assert other.url.startswith("https://globex.shops.example/allow?")


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
