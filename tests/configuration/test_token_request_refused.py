"""A description of a request that would not work is refused in the file."""

from typing import Any

import pytest
from tests.configuration.samples import FIXED, problems_in
from tests.configuration.sent_requests import NO_CLIENT

from tokenvend_cli.configuration.load import parse_configuration
from tokenvend_cli.problems import ConfigurationError

_TEXT = """\
version: 1
providers:
  acme:
    token_endpoint: https://login.acme.example/token
    token_request:
      {line}
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("parameters_in: xml", "must be `form`, `json` or `query`"),
        ("method: GET", "a GET has no body: say parameters_in: query"),
        ("{grant_type: a, omit_grant_type: true}", "give one of grant_type and omit_grant_type"),
        ("grant_type: two words", "a grant type: a word or a URI, without spaces"),
        ('parameters: {"a b": c}', "a parameter's name, such as account_id"),
        ("parameters: {until: 2026-03-01}", "must be what JSON can hold"),
        ("headers: {X_Key: a}", "a header's name, such as X-Api-Key"),
        ("headers: {X-Version: 2}", "must be a text; put a number or a date in quotes"),
        ("parametres: {a: b}", "did you mean parameters?"),
        (f"parameters: {{a: {'[' * 9}{']' * 9}}}", "nested more than 8 levels deep"),
        (
            f"refresh: {{parameters: {{a: {'[' * 9}{']' * 9}}}}}",
            "nested more than 8 levels deep",
        ),
        ("refresh: {headers: {X-Key: a}}", "there are parameters, query"),
    ],
)
def test_malformed_description_is_told_with_its_line(line: str, told: str) -> None:
    text = _TEXT.format(line=line)
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, name="tokenvend.yaml")

    [problem] = caught.value.problems
    assert told in problem.what
    assert problem.line in {5, 6}


_AT = "providers.acme.token_request."
_CONSENTS = {"authorization_endpoint": "https://login.acme.example/allow"}


@pytest.mark.parametrize(
    ("described", "place", "told"),
    [
        ({"parameters": {"a": "{secret.}"}}, "parameters.a", "a brace begins a placeholder"),
        ({"parameters": {"a": "{caller.b}"}}, "parameters.a", "a brace begins a placeholder"),
        ({"parameters": {"a": "{tenant.b}"}}, "parameters.a", "tenant_values does not say what"),
        ({"headers": {"A": "}"}}, "headers.A", "a brace begins a placeholder"),
        ({"parameters": {"a": 7}}, "parameters.a", "only parameters_in: json takes others"),
        ({"parameters": {"scope": "a"}}, "parameters.scope", "the scopes of the credential"),
        ({"parameters": {"grant_type": "a"}}, "parameters.grant_type", "say token_request.grant"),
        (
            {"query": {"grant_type": "a"}, "grant_type": "a"},
            "query.grant_type",
            "say token_request.grant_type",
        ),
        ({"query": {"refresh_token": "a"}}, "query.refresh_token", "is not for the file to say"),
        (
            {"parameters": {"assertion": "{secret.jwt}"}, "grant_type": "password"},
            "parameters.assertion",
            "is not for the file to say",
        ),
        (
            {
                "parameters": {"assertion": "{secret.jwt}"},
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": {},
            },
            "parameters.assertion",
            "is not for the file to say",
        ),
        ({"parameters": {"password": "pw"}}, "parameters.password", "such as {secret.password}"),
        (
            {"parameters_in": "json", "parameters": {"auth": {"apiKey": ["pw"]}}},
            "parameters.auth.apiKey[0]",
            "no secret stands in this file",
        ),
        ({"headers": {"X-Auth-Token": "pw"}}, "headers.X-Auth-Token", "{secret.x_auth_token}"),
        (
            {"parameters": {"a": "{secret.private_key}"}},
            "parameters.a",
            "a private_key is never sent",
        ),
        (
            {"parameters_in": "json", "parameters": {"a": float("nan")}},
            "parameters.a",
            "it has no such number",
        ),
        ({"headers": {"Host": "a"}}, "headers.Host", "belongs to the connection"),
        ({"headers": {"Authorization": "{secret.a}"}}, "headers.Authorization", "sends it"),
        (
            {"refresh": {"parameters": {"refresh_token": "{secret.refresh_token}"}}},
            "refresh.parameters.refresh_token",
            "is not for the file to say",
        ),
        (
            {"refresh": {"parameters": {"a": 7}}},
            "refresh.parameters.a",
            "only parameters_in: json takes others",
        ),
        (
            {"code_exchange": {"query": {"password": "pw"}}},
            "code_exchange.query.password",
            "such as {secret.password}",
        ),
        (
            {"refresh": {"query": {"a": "{tenant.b}"}}},
            "refresh.query.a",
            "tenant_values does not say what",
        ),
        ({"headers": {"X-A": "caf\u00e9"}}, "headers.X-A", "plain ASCII, in one line"),
        ({"headers": {"X-A": "a\nb"}}, "headers.X-A", "plain ASCII, in one line"),
    ],
)
def test_description_that_would_not_be_sent_right_is_refused(
    described: dict[str, Any], place: str, told: str
) -> None:
    provider = FIXED | _CONSENTS | {"token_request": described}

    [problem] = problems_in({"providers": {"acme": provider}})

    assert problem.startswith(_AT + place)
    assert told in problem


def test_parameters_of_a_refresh_are_refused_where_no_user_consents() -> None:
    described = {"refresh": {"parameters": {"type": "refresh"}}}

    [problem] = problems_in({"providers": {"acme": FIXED | {"token_request": described}}})

    assert problem.startswith(f"{_AT}refresh: ")
    assert "there is no authorization_endpoint" in problem


def test_description_that_is_too_large_is_refused() -> None:
    described = {"parameters": {"a": "b" * 17_000}}

    [problem] = problems_in({"providers": {"acme": FIXED | {"token_request": described}}})

    assert "16384 are the most" in problem


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("client_secret_post", "client_id"),
        ("client_secret_post", "client_secret"),
        ("private_key_jwt", "client_id"),
    ],
)
def test_parameter_that_the_client_sends_anyway_is_refused(method: str, name: str) -> None:
    described = {"parameters": {name: "{secret.other}"}}
    provider = FIXED | {"client_authentication": method, "token_request": described}

    [problem] = problems_in({"providers": {"acme": provider}})

    assert f"{method} sends it already" in problem


@pytest.mark.parametrize(
    ("provider", "credential", "told"),
    [
        pytest.param(NO_CLIENT, {}, "what would prove the client?", id="nothing from the secret"),
        pytest.param(
            NO_CLIENT | {"token_request": {"parameters": {"app": "{secret.client_id}"}}},
            {"client_id": "ours"},
            "which records where it may go",
            id="a client id that is in no secret",
        ),
        pytest.param(
            {
                "authorization_endpoint": "https://login.acme.example/authorize",
                "token_request": {"grant_type": "own"},
            },
            {
                "kind": "authorization_code",
                "redirect_uri": "https://pages.example/callback/jobs",
            },
            "has a grant type of its own",
            id="a grant type where users consent",
        ),
    ],
)
def test_credential_that_does_not_fit_the_description_is_refused(
    provider: dict[str, Any], credential: dict[str, Any], told: str
) -> None:
    credentials = {"jobs": {"provider": "acme", "scopes": ["read", "write"]} | credential}

    [problem] = problems_in({"providers": {"acme": FIXED | provider}, "credentials": credentials})

    assert told in problem
