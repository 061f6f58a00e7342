"""Asking a user, and what comes back: whose answer it is, and what is exchanged for the code."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.consent.harness import DEFINITION

from tokenvend.domain.credential_definition import Authorization
from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.oauth.authorization import (
    Authorized,
    NotAuthorized,
    build_authorization_url,
    parse_authorization_response,
)
from tokenvend.domain.oauth.code_exchange import build_code_request, parse_code_response
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret

AUTHORIZATION = Authorization(
    endpoint="https://hiring.example/allow",
    redirect_uri="https://connect.example/callback/hiring",
    issuer="https://hiring.example",
)
READ = frozenset({"jobs_read"})
TOKEN = {"access_token": "a", "token_type": "Bearer", "expires_in": 60}
WRONG = NotAuthorized("wrong_issuer")
YES = Authorized(Secret("code-1"))


@pytest.mark.parametrize(
    ("issuer", "requires", "iss", "answer"),
    [
        ("https://hiring.example", True, "https://hiring.example", YES),
        ("https://hiring.example", True, "https://evil.example", WRONG),
        ("https://hiring.example", True, None, WRONG),
        ("https://hiring.example", False, None, YES),
        ("https://hiring.example", False, "https://evil.example", WRONG),
        (None, False, None, YES),
        (None, False, "https://hiring.example", YES),
        (None, True, "https://hiring.example", WRONG),
        (None, True, None, WRONG),
    ],
)
def test_an_answer_counts_only_if_it_is_the_providers(
    issuer: str | None, iss: str | None, answer: object, *, requires: bool
) -> None:
    authorization = replace(AUTHORIZATION, issuer=issuer, requires_iss=requires)
    query = {"code": ["code-1"]} | ({} if iss is None else {"iss": [iss]})

    assert parse_authorization_response(query, authorization) == answer


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"code": ["a" * 4096]}, Authorized(Secret("a" * 4096))),
        ({"code": ["a" * 4097]}, NotAuthorized("no_code")),
        ({"code": ["a\n"]}, NotAuthorized("no_code")),
        ({"code": [""]}, NotAuthorized("no_code")),
        ({}, NotAuthorized("no_code")),
        ({"code": ["a", "b"]}, NotAuthorized("repeated_parameter")),
        ({"code": ["a"], "other": ["b", "c"]}, NotAuthorized("repeated_parameter")),
        ({"code": ["a"], "error": ["access_denied"]}, NotAuthorized("access_denied")),
        ({"error": ["<b>"]}, NotAuthorized("malformed_error")),
        ({"error": ["server_error"], "iss": ["https://evil.example"]}, WRONG),
    ],
)
def test_what_comes_back_is_a_code_or_the_reason_why_there_is_none(
    query: Mapping[str, Sequence[str]], answer: object
) -> None:
    assert parse_authorization_response(query, AUTHORIZATION) == answer


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://hiring.example/allow", "https://hiring.example/allow?"),
        ("https://hiring.example/allow?brand=1#part", "https://hiring.example/allow?brand=1&"),
    ],
)
def test_a_user_is_asked_at_the_endpoint_with_what_is_ours(endpoint: str, url: str) -> None:
    parameters = {"client_id": "theirs", "state": "theirs", "prompt": "consent"}
    authorization = replace(AUTHORIZATION, endpoint=endpoint, parameters=parameters)

    requested_scopes = build_authorization_url(
        authorization,
        client_id="our client",
        scopes=frozenset({"b", "a"}),
        scope_separator=",",
        state=Secret("state-1"),
        code_challenge="challenge-1",
    )

    assert requested_scopes == (
        f"{url}client_id=our+client&state=state-1&prompt=consent&response_type=code"
        "&redirect_uri=https%3A%2F%2Fconnect.example%2Fcallback%2Fhiring"
        "&code_challenge=challenge-1&code_challenge_method=S256&scope=a%2Cb"
    )


def test_a_consent_page_in_a_fragment_has_the_endpoints_query_there_too() -> None:
    endpoint = "https://hiring.example/app?brand=1"
    flow = replace(AUTHORIZATION.flow, fragment="/allow")

    url = build_authorization_url(
        replace(AUTHORIZATION, endpoint=endpoint, flow=flow),
        client_id="ours",
        scopes=READ,
        scope_separator=",",
        state=Secret("state-1"),
        code_challenge="challenge-1",
    )

    page, _, query = url.partition("?")
    assert page == "https://hiring.example/app#/allow"
    assert query.startswith("brand=1&")
    assert "state=state-1" in query.split("&")


def test_a_code_is_exchanged_at_the_token_endpoint_with_what_is_ours() -> None:
    definition = replace(
        DEFINITION, extra_parameters={"grant_type": "x", "code": "y", "brand": "1"}
    )

    request = build_code_request(
        definition,
        AUTHORIZATION,
        code=Secret("code-1"),
        code_verifier=Secret("verifier-1"),
        secret=ProviderSecret("our-client", Secret("our-secret"), "hiring.example"),
    )

    assert request.url == "https://hiring.example/token"
    assert request.form == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": "https://connect.example/callback/hiring",
        "code_verifier": "verifier-1",
        "brand": "1",
    }


@pytest.mark.parametrize("refresh_token", [None, "", 7, "\ud83d"])
def test_a_consent_without_a_refresh_token_is_none(refresh_token: object) -> None:
    response = json_response({**TOKEN, "refresh_token": refresh_token})

    with pytest.raises(ProviderRefusedError) as caught:
        parse_code_response(response, DEFINITION, requested_scopes=READ, requested_at=START)

    assert caught.value.provider_error == "no_refresh_token"
    assert caught.value.description == (
        "The provider gave no refresh token, so the consent would end with its first token."
    )


@pytest.mark.parametrize("refresh_token", ["r", "z\u00e4h", pytest.param("r" * 40_000, id="long")])
def test_a_refresh_token_is_kept_as_it_came(refresh_token: str) -> None:
    response = json_response({**TOKEN, "refresh_token": refresh_token, "id_token": "no.jwt"})

    consented = parse_code_response(response, DEFINITION, requested_scopes=READ, requested_at=START)

    assert consented.refresh_token == Secret(refresh_token)
    assert (consented.token.scopes, consented.token.requested_at) == (READ, START)
    assert consented.subject is None
