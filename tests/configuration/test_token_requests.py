"""Requests by their description: what the file says, and what the token endpoint is asked."""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.configuration.described import ReceivedRequest, definition_of, token_endpoint, vend
from tests.configuration.samples import FIXED, problems_in

from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend.adapters.provider_http import encoded
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import build_token_request, destination_of
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret_fields import secret_fields, secret_of
from tokenvend_cli.configuration.load import parse_configuration
from tokenvend_cli.problems import ConfigurationError

CLIENT = {"client_id": "id", "client_secret": "s3cret"}
ACCOUNT = CLIENT | {"account_id": "A 1/ü&="}
NO_CLIENT: dict[str, Any] = {"client_authentication": "none"}


def asked(
    described: Mapping[str, Any],
    secret: dict[str, str] | None = None,
    *,
    credential: dict[str, Any] | None = None,
    **provider: Any,
) -> ReceivedRequest:
    """What the endpoint is asked where the file has *described* for its `token_request`."""
    with token_endpoint() as endpoint:
        whole = {"token_endpoint": endpoint.url, "token_request": dict(described)} | provider
        token = vend(whole, secret or ACCOUNT, **(credential or {}))
        assert token.access_token.reveal() == "T"
        return endpoint.asked


def test_own_grant_type_has_its_parameters_from_the_secret() -> None:
    request = asked(
        {
            "grant_type": "account_credentials",
            "parameters": {"account_id": "{secret.account_id}", "kind": "server"},
        }
    )

    assert (request.method, request.basic) == ("POST", ["id", "s3cret"])
    assert request.form == {
        "grant_type": "account_credentials",
        "account_id": "A 1/ü&=",
        "kind": "server",
    }


def test_json_holds_what_the_form_would_and_values_of_any_kind() -> None:
    request = asked(
        {
            "parameters_in": "json",
            "parameters": {"auth": {"account": ["{secret.account_id}", 7, True, None]}},
        },
        client_authentication="client_secret_post",
    )

    assert request.json == {
        "grant_type": "client_credentials",
        "client_id": "id",
        "client_secret": "s3cret",
        "auth": {"account": ["A 1/ü&=", 7, True, None]},
    }


def test_query_holds_all_parameters_and_the_body_is_empty() -> None:
    request = asked({"parameters_in": "query", "parameters": {"account": "{secret.account_id}"}})

    assert request.query == {"grant_type": "client_credentials", "account": "A 1/ü&="}
    assert (request.body, request.headers["content-length"]) == (b"", "0")


def test_login_sends_nothing_that_is_not_described() -> None:
    request = asked(
        {
            "omit_grant_type": True,
            "method": "GET",
            "parameters_in": "query",
            "parameters": {"appid": "{secret.client_id}"},
            "headers": {"X-Key": "Key {secret.account_id}", "accept": "text/plain"},
        },
        {"client_id": "id", "account_id": "A-1"},
        **NO_CLIENT,
    )

    assert (request.method, request.query, request.body) == ("GET", {"appid": "id"}, b"")
    assert (request.headers["x-key"], request.headers["accept"]) == ("Key A-1", "text/plain")
    assert {"authorization", "content-type"}.isdisjoint(request.headers)


def test_query_and_headers_go_beside_the_form() -> None:
    request = asked(
        {
            "query": {"api-version": "2"},
            "headers": {
                "X-Account": "{secret.account_id}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        },
        CLIENT | {"account_id": "A-1"},
    )

    assert (request.query, request.headers["x-account"]) == ({"api-version": "2"}, "A-1")
    assert request.form == {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("client_secret_basic", ["id%2Fx%2B1", "s3cret%2B%2F%3D%25+%C3%BC"]),
        ("client_secret_basic_unencoded", ["id/x+1", "s3cret+/=% ü"]),
    ],
)
def test_basic_is_encoded_or_not_as_the_file_says(method: str, sent: list[str]) -> None:
    secret = {"client_id": "id/x+1", "client_secret": "s3cret+/=% ü"}

    assert asked({}, secret, client_authentication=method).basic == sent


def test_basic_as_it_is_refuses_a_colon_that_would_end_the_id() -> None:
    with pytest.raises(CredentialNotReadyError, match="colon"):
        asked(
            {},
            {"client_id": "a:b", "client_secret": "s"},
            client_authentication="client_secret_basic_unencoded",
        )


def test_standard_parameters_go_before_described_and_extra_ones() -> None:
    request = asked(
        {"parameters": {"kind": "described"}},
        credential={
            "scopes": ["read"],
            "scope_parameter": True,
            "extra_parameters": {"kind": "extra"},
        },
    )

    assert request.form == {"grant_type": "client_credentials", "scope": "read", "kind": "extra"}


def test_grant_type_may_stand_in_the_url_while_the_body_is_json() -> None:
    request = asked(
        {
            "omit_grant_type": True,
            "query": {"grant_type": "client_credentials"},
            "parameters_in": "json",
            "parameters": {"sub": "{secret.account_id}"},
        }
    )

    assert (request.query, request.json) == (
        {"grant_type": "client_credentials"},
        {"sub": ACCOUNT["account_id"]},
    )


def test_fixed_audience_is_sent_with_every_request() -> None:
    request = asked({"parameters": {"audience": "https://api.acme.example"}})

    assert request.form["audience"] == "https://api.acme.example"


def test_refresh_token_that_is_good_for_ever_is_a_grant_of_its_own() -> None:
    request = asked(
        {
            "grant_type": "refresh_token",
            "parameters": {"refresh_token": "{secret.refresh_token}"},
        },
        CLIENT | {"refresh_token": "for-ever"},
    )

    assert request.form == {"grant_type": "refresh_token", "refresh_token": "for-ever"}


def test_doubled_brace_is_sent_as_one() -> None:
    query = "mutation($e:String!){{signIn(email:$e){{token}}}}"

    request = asked(
        {
            "omit_grant_type": True,
            "parameters_in": "json",
            "parameters": {"query": query, "variables": {"e": "{secret.account_id}"}},
        },
        {"account_id": "{{a}"},
        **NO_CLIENT,
    )

    assert request.json == {
        "query": "mutation($e:String!){signIn(email:$e){token}}",
        "variables": {"e": "{{a}"},
    }


def test_secret_in_the_file_s_client_id_is_the_one_that_is_placed() -> None:
    request = asked(
        {"parameters": {"app": "{secret.client_id}"}},
        {"client_secret": "s3cret"},
        credential={"client_id": "ours"},
    )

    assert (request.form["app"], request.basic[0]) == ("ours", "ours")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "caf\u00e9", "\x00", "\u2028"])
def test_value_that_no_header_can_hold_is_never_sent(value: str) -> None:
    with token_endpoint() as endpoint:
        provider = {
            "token_endpoint": endpoint.url,
            "token_request": {"headers": {"X-Account": "{secret.account_id}"}},
        }
        with pytest.raises(CredentialNotReadyError, match="the header X-Account") as caught:
            vend(provider, CLIENT | {"account_id": value})

        assert endpoint.server.requests == []
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    "described",
    [
        {"parameters": {"a": "{secret."}},
        {"parameters": [1]},
        {"parameters_in": "query", "parameters": {"a": 7}},
        {"parameters_in": "xml"},
        {"method": "PUT"},
        {"method": "GET"},
        {"grant_type": 7},
        {"parameters_in": "json", "parameters": {"a": [[[[[[[[[[]]]]]]]]]]}},
    ],
    ids=str,
)
def test_description_of_a_later_version_is_refused_and_never_sent_half(
    described: dict[str, Any],
) -> None:
    definition = replace(definition_of(FIXED, {}), token_request=described)
    secret = secret_of(definition, CLIENT, allowed_host=destination_of(definition))
    spec = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)

    with pytest.raises(CredentialNotReadyError, match="apply the file again"):
        build_token_request(definition, spec, secret)


def test_registry_of_the_former_version_is_read_without_a_description() -> None:
    document = build_definition(definition_of(FIXED, {})).document
    former = {name: each for name, each in document.items() if name != "token_request"}

    assert parse_definition(former) == definition_of(FIXED, {})


def test_field_that_the_secret_lacks_is_named() -> None:
    with pytest.raises(CredentialNotReadyError, match="has no field account_id"):
        asked({"parameters": {"account": "{secret.account_id}"}}, CLIENT)


def test_half_a_character_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(CredentialNotReadyError, match="no Unicode text"):
        asked({"parameters": {"account": "{secret.account_id}"}}, CLIENT | {"account_id": "\ud800"})


def test_secret_in_a_query_is_in_no_log_and_no_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    described = {"parameters_in": "query", "parameters": {"key": "{secret.account_id}"}}
    secret = CLIENT | {"account_id": "an-account-key"}
    with caplog.at_level(logging.DEBUG):
        asked(described, secret, client_authentication="client_secret_post")
        nobody = {"token_endpoint": "http://127.0.0.1:1/t", "token_request": described}
        with pytest.raises(TemporarilyUnavailableError) as caught:
            vend(nobody | {"client_authentication": "client_secret_post"}, secret)

    text = caplog.text + "".join(traceback.format_exception(caught.value))
    assert [each for each in ("an-account-key", "s3cret") if each in text] == []


def test_everything_from_the_secret_is_confidential_wherever_it_stands() -> None:
    described = {
        "parameters_in": "json",
        "parameters": {"a": {"b": ["{secret.one}"]}},
        "query": {"c": "x{secret.two}"},
        "headers": {"X-D": "{secret.three}"},
    }
    definition = definition_of(FIXED | {"token_request": described}, {})
    values = {name: f"value-of-{name}" for name in secret_fields(definition)}
    secret = secret_of(definition, values, allowed_host=destination_of(definition))
    spec = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)

    request = build_token_request(definition, spec, secret)

    confidential = {each.reveal() for each in request.confidential}
    assert {f"value-of-{name}" for name in ("one", "two", "three", "client_secret")} <= confidential
    shown = repr(request) + repr(secret).replace("value-of-client_id", "")
    assert "value-of" not in shown


_names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"client_id", "client_secret", "private_key", "certificate"}
)
_texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(
    place=st.sampled_from(["form", "json", "query"]),
    fields=st.dictionaries(_names, _texts, min_size=1, max_size=3),
    around=st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=5),
)
def test_any_value_arrives_in_its_place_as_it_is(
    place: str, fields: dict[str, str], around: str
) -> None:
    # Names that would need a placeholder are not what this is about: each value has one.
    parameters = {f"p.{name}": f"{around}{{secret.{name}}}{around}" for name in fields}
    described = {"omit_grant_type": True, "parameters_in": place, "parameters": parameters}
    definition = definition_of(FIXED | NO_CLIENT | {"token_request": described}, {})
    secret = secret_of(definition, fields, allowed_host=destination_of(definition))
    spec = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)

    url, headers, body = encoded(build_token_request(definition, spec, secret))

    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    target = url.removeprefix("https://login.acme.example")
    sent = ReceivedRequest.of(f"POST {target} HTTP/1.1\r\n{lines.rstrip()}\r\n\r\n".encode() + body)
    expected = {f"p.{name}": f"{around}{value}{around}" for name, value in fields.items()}
    found = sent.query if place == "query" else sent.json if place == "json" else sent.form
    assert found == expected


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
        ({"headers": {"X-A": "caf\u00e9"}}, "headers.X-A", "plain ASCII, in one line"),
        ({"headers": {"X-A": "a\nb"}}, "headers.X-A", "plain ASCII, in one line"),
    ],
)
def test_description_that_would_not_be_sent_right_is_refused(
    described: dict[str, Any], place: str, told: str
) -> None:
    [problem] = problems_in({"providers": {"acme": FIXED | {"token_request": described}}})

    assert problem.startswith(_AT + place)
    assert told in problem


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


def test_description_is_part_of_the_fingerprint_in_all_its_parts() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"grant_type": "own"},
        {"omit_grant_type": True},
        {"parameters_in": "json"},
        {"parameters_in": "query", "method": "GET"},
        {"parameters": {"a": "b"}},
        {"query": {"a": "b"}},
        {"headers": {"A": "b"}},
    ]

    found = {definition_of(FIXED | {"token_request": each}, {}).fingerprint for each in changes}

    assert len(found) == len(changes)
    assert definition_of(FIXED, {}).fingerprint in found
