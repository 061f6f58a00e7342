"""A key in the path or in the body: from the file to a call of the API by the caller's answer."""

import json
import logging
from typing import Any

import pytest
from tests.configuration.api_stand_in import ApiStandIn, call_api
from tests.configuration.described import answer, definition_of, token_endpoint
from tests.configuration.samples import problems_in

from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend_cli.commands.shown_request import shown_static_credential
from tokenvend_cli.configuration.api_request_models import ApiKeyModel

KEY = "{secret.api_key}"
SECRET = {"api_key": "1234:AB-c_d", "login_id": "ada", "account": "4711"}
DESCRIBED: dict[str, dict[str, Any]] = {
    "path": {"path_prefix": f"/bot{KEY}"},
    "path and header": {"path_prefix": f"/v1/{KEY}", "headers": {"X-Account": "{secret.account}"}},
    "body": {"body": {"key": KEY}},
    "inner body": {
        "body": {"auth": {"acctId": "{secret.account}", "loginId": "{secret.login_id}", "key": KEY}}
    },
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_api_takes_the_key_where_the_answer_says(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="tokenvend")
    fields = definition_of({"api_key": DESCRIBED[name]}, {"kind": "api_key"})
    secret = {each: SECRET[each] for each in SECRET if f"secret.{each}" in str(DESCRIBED[name])}
    api = ApiStandIn(ApiKeyModel.model_validate(DESCRIBED[name]), secret)

    got = answer({"api_key": DESCRIBED[name]}, secret, kind="api_key")
    with api.running() as url:
        status = call_api(url, got.fields)

    assert (api.complaints, api.taken, status) == ([], 1, 200)
    assert got.fields["token_type"] == "N_A"
    assert SECRET["api_key"] not in "".join(
        each.getMessage() for each in caplog.records if each.name.startswith("tokenvend")
    )
    assert parse_definition(build_definition(fields).document) == fields


@pytest.mark.parametrize("place", ["path", "body"])
def test_each_place_is_part_of_the_fingerprint(place: str) -> None:
    former = definition_of({"api_key": {"query": {"key": KEY}}}, {"kind": "api_key"})
    definition = definition_of({"api_key": DESCRIBED[place]}, {"kind": "api_key"})

    assert definition.fingerprint != former.fingerprint


def test_token_in_the_body_comes_from_every_cache() -> None:
    with token_endpoint() as endpoint:
        described = {"body": {"auth": {"token": "{token}", "key": KEY}}}
        got = answer(
            {"token_endpoint": endpoint.url, "api_request": described},
            {"client_id": "id", "client_secret": "s", "api_key": "K"},
        )

    assert got.fields["body"] == {"auth": {"token": "T", "key": "K"}}


def test_explain_shows_the_places_without_a_value() -> None:
    described = DESCRIBED["path and header"] | DESCRIBED["body"]

    shown = shown_static_credential(definition_of({"api_key": described}, {"kind": "api_key"}))

    assert shown["path_prefix"] == f"/v1/{KEY}"
    assert json.loads(shown["body"] or "") == {"key": KEY}


@pytest.mark.parametrize(
    ("described", "place", "told"),
    [
        ({"path_prefix": f"bot{KEY}"}, ".path_prefix", "must be a path"),
        ({"path_prefix": f"/bot{KEY}/"}, ".path_prefix", "must be a path"),
        ({"path_prefix": f"/../{KEY}"}, ".path_prefix", "must be a path"),
        ({"path_prefix": f"/%2e/{KEY}"}, ".path_prefix", "must be a path"),
        ({"path_prefix": f"/{KEY}?x=1"}, ".path_prefix", "must be a path"),
        ({"path_prefix": "/{answer.a}", "body": {"key": KEY}}, ".path_prefix", "fields of the"),
        ({"path_prefix": f"/{KEY}{{x}}"}, ".path_prefix", "a brace begins"),
        ({"body": {"auth": {"api_key": "k-123"}, "k": KEY}}, ".body.auth.api_key", "no secret"),
        ({"body": {"a": [f"{KEY}", "{x}"]}}, ".body.a[1]", "a brace begins"),
        ({"body": {"a": "{secret.private_key}"}}, ".body.a", "is never sent"),
        ({"body": {"a": "1"}}, "", "names nothing of the secret"),
        ({"body": {"a": KEY, "b": "b" * 4096}}, "", "4096 are the most"),
    ],
)
def test_each_mistake_is_told_with_its_place(
    described: dict[str, Any], place: str, told: str
) -> None:
    found = [str(each) for each in problems_in({"providers": {"acme": {"api_key": described}}})]

    assert any(
        each.startswith(f"providers.acme.api_key{place}:") and told in each for each in found
    ), found


def test_account_endpoint_cannot_be_asked_so() -> None:
    acme = {
        "token_endpoint": "https://login.acme.example/token",
        "authorization_endpoint": "https://login.acme.example/allow",
        "account_endpoint": "https://login.acme.example/me",
        "api_request": {"body": {"t": "{token}"}},
    }

    found = [str(each) for each in problems_in({"providers": {"acme": acme}})]

    assert any("account_endpoint: is a GET" in each for each in found), found


@pytest.mark.parametrize("endpoint", ["https://evil.example/me", "https://login.acme.example:8/me"])
def test_account_endpoint_is_at_the_token_endpoints_host(endpoint: str) -> None:
    acme = {
        "token_endpoint": "https://login.acme.example/token",
        "authorization_endpoint": "https://login.acme.example/allow",
        "account_endpoint": endpoint,
    }
    consents = {
        "provider": "acme",
        "kind": "authorization_code",
        "redirect_uri": "https://us.example/callback/jobs",
        "scopes": ["read"],
    }

    found = [
        str(each)
        for each in problems_in({"providers": {"acme": acme}, "credentials": {"jobs": consents}})
    ]

    assert any("the account_endpoint of acme has another host" in each for each in found), found
