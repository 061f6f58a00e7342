"""Values of the token answer beside the token: from the file to what a caller sends."""

import json
import logging
from typing import Any

import pytest
from tests.adapters.servers import Call, Server
from tests.configuration.described import answer, definition_of, token_endpoint
from tests.configuration.flows import Flow, Provider
from tests.configuration.samples import problems_in

from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import ProviderRefusedError

LOGIN = {
    "client_authentication": "none",
    "token_request": {
        "omit_grant_type": True,
        "parameters_in": "json",
        "parameters": {"user": "{secret.email}", "password": "{secret.login_key}"},
    },
}
SECRET = {"email": "a@acme.example", "login_key": "k"}
SHOP = LOGIN | {
    "token_answer": {"token": "authToken"},
    "api_request": {"query": {"authToken": "{token}", "account_id": "{answer.accountID}"}},
}
SESSION = LOGIN | {
    "token_answer": {"token": "SessionId"},
    "api_request": {"headers": {"Cookie": "B1SESSION={token}; ROUTEID={cookie.ROUTEID}"}},
}


def test_second_value_of_the_answer_reaches_the_caller_from_every_cache() -> None:
    with token_endpoint({"authToken": "T", "accountID": "A-1"}) as endpoint:
        got = answer(SHOP | {"token_endpoint": endpoint.url}, SECRET)

    assert got.fields["query"] == {"authToken": "T", "account_id": "A-1"}
    assert (got.fields["headers"], got.fields["token_type"]) == ({}, "N_A")


def test_cookies_of_a_login_reach_the_caller_from_every_cache() -> None:
    def script(call: Call) -> None:
        body = b'{"SessionId": "S-1", "SessionTimeout": 30}'
        call.answer(
            "HTTP/1.1 200 OK",
            f"Content-Length: {len(body)}",
            "Content-Type: application/json",
            "Set-Cookie: B1SESSION=S-1; HttpOnly; SameSite=None",
            "Set-Cookie: ROUTEID=.node3; path=/; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
            body=body,
        )

    server = Server(script)
    with server.running():
        got = answer(SESSION | {"token_endpoint": server.url()}, SECRET)

    assert got.fields["headers"] == {"Cookie": "B1SESSION=S-1; ROUTEID=.node3"}
    assert got.fields["access_token"] == "S-1"


def test_answer_without_the_value_is_refused_with_its_path_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with token_endpoint({"authToken": "hunter2", "account": "hunter3"}) as endpoint:
        got = answer(SHOP | {"token_endpoint": endpoint.url}, SECRET)

    assert (got.status, got.fields["provider_error"]) == (502, "malformed_answer_value")
    assert "accountID" in got.fields["error_description"]
    assert "hunter" not in json.dumps(got.fields) + caplog.text


def test_refresh_that_lacks_the_value_loses_no_consent() -> None:
    provider = Provider(fields={"authorization_code": {"account": "A-1"}})
    server = Server(provider.answer)
    with server.running():
        described = {
            "token_endpoint": server.url(),
            "api_request": {"headers": {"X-Token": "{token}", "X-Account": "{answer.account}"}},
        }
        flow = Flow(provider, described)
        flow.consent()
        with pytest.raises(ProviderRefusedError, match="account"):
            flow.vend_token()
        provider.fields = {"refresh_token": {"account": "A-2"}}
        flow.expire()
        vended = flow.vend_token()

    assert vended.answer.source is Source.PROVIDER
    headers: Any = vended.answer.to_dict()["headers"]
    assert headers["X-Account"] == "A-2"
    assert [each.get("refresh_token") for each in provider.requests] == [None, "r-1", "r-2"]


def test_value_is_part_of_the_fingerprint_and_comes_back_from_the_registry() -> None:
    endpoint = {"token_endpoint": "https://login.acme.example/token"}
    other = SHOP | {"api_request": {"query": {"t": "{token}", "account_id": "{answer.id}"}}}
    definition = definition_of(SHOP | endpoint, {})

    assert parse_definition(build_definition(definition).document) == definition
    assert definition.fingerprint != definition_of(other | endpoint, {}).fingerprint


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        pytest.param(
            {"api_request": {"query": {"t": "{token}", "x": "{answer.refresh_token}"}}},
            "callers would get answer.refresh_token",
            id="a refresh token",
        ),
        pytest.param(
            {
                "api_request": {"query": {"t": "{token}", "x": "{answer.next}"}},
                "token_answer": {"refresh_token": "next"},
            },
            "callers would get answer.next",
            id="a refresh token elsewhere",
        ),
        pytest.param(
            {
                "api_request": {"query": {"t": "{token}", "x": "{answer.a}"}},
                "token_answer": {"plain_text": True},
            },
            "an answer in plain_text has the token alone",
            id="plain text",
        ),
        pytest.param(
            {"api_request": {"query": {"t": "{token}", "x": "{answer.a b}"}}},
            "a brace begins a placeholder",
            id="no path",
        ),
        pytest.param(
            {"api_key": {"query": {"t": "{secret.api_key}", "x": "{answer.a}"}}},
            "an API key comes with no token answer",
            id="an API key",
        ),
    ],
)
def test_each_mistake_is_told(provider: dict[str, Any], told: str) -> None:
    acme = {"token_endpoint": "https://login.acme.example/token"} | provider

    found = [str(each) for each in problems_in({"providers": {"acme": acme}})]

    assert any(told in each for each in found), found
