"""A described token request is sent as described, or refused."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.domain.described_requests import DEFINITION, SPEC, request_as

from tokenvend.domain.credential_definition import ClientAuthentication
from tokenvend.domain.oauth.jwt_bearer import GRANT_TYPE as JWT_BEARER
from tokenvend.domain.oauth.request_description import (
    DEEPEST,
    is_too_deep,
    parse_request_description,
    placeholders,
)
from tokenvend.domain.oauth.token_request import (
    ParametersIn,
    ProviderSecret,
    build_revocation_request,
    build_token_request,
)
from tokenvend.domain.secret import Secret


def test_definition_without_a_description_is_asked_as_rfc_6749_has_it() -> None:
    request = request_as({})

    assert (request.method, request.parameters_in) == ("POST", ParametersIn.FORM)
    assert request.form == {"grant_type": "client_credentials"}
    assert request.headers == {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("described", "form"),
    [
        ({"grant_type": "own"}, {"grant_type": "own"}),
        ({"omit_grant_type": True}, {}),
        ({"assertion": {"issuer": "us"}}, {"grant_type": JWT_BEARER}),
        ({"assertion": {"issuer": "us"}, "grant_type": "own"}, {"grant_type": "own"}),
        ({"omit_grant_type": False}, {"grant_type": "client_credentials"}),
        (
            {"parameters": {"a": "x{secret.one}y{secret.one}", "grant_type": "forged"}},
            {"a": "xONEyONE", "grant_type": "client_credentials"},
        ),
    ],
)
def test_form_is_as_described_and_what_is_standard_stays(
    described: dict[str, Any], form: dict[str, str]
) -> None:
    assert request_as(described, one="ONE").form == form


def test_json_keeps_its_kinds_at_any_depth() -> None:
    parameters = {"a": [{"b": "{secret.one}"}, 1, 1.5, True, None]}

    request = request_as({"parameters_in": "json", "parameters": parameters}, one="ONE")

    assert request.form["a"] == [{"b": "ONE"}, 1, 1.5, True, None]
    assert request.confidential == (Secret("ONE"),)


def test_described_header_takes_the_place_of_ours_but_not_of_the_clients() -> None:
    definition = replace(
        DEFINITION,
        client_authentication=ClientAuthentication.BASIC,
        token_request={"headers": {"ACCEPT": "text/plain", "authorization": "forged"}},
    )

    request = build_token_request(definition, SPEC, ProviderSecret("c", Secret("s"), "a.example"))

    assert request.headers["ACCEPT"] == "text/plain"
    assert "Accept" not in request.headers
    # The later of two that differ in case alone is the one that is sent.
    assert [*request.headers][-1] == "Authorization"


def test_revocation_is_a_form_whatever_is_described() -> None:
    described = {"parameters_in": "json", "headers": {"X-A": "b"}}
    definition = replace(DEFINITION, token_request=described)

    request = build_revocation_request(
        definition, Secret("t"), ProviderSecret("", Secret(""), "a.example")
    )

    assert request is not None
    assert (request.parameters_in, "X-A" in request.headers) == (ParametersIn.FORM, False)


@pytest.mark.parametrize(
    "document",
    [
        {"grant_type": ""},
        {"grant_type": ["a"]},
        {"method": "DELETE"},
        {"method": "GET"},
        {"method": "GET", "parameters_in": "json"},
        {"parameters_in": "header"},
        {"parameters": []},
        {"parameters": {"a": 1}},
        {"parameters": {"a": {"b": "c"}}},
        {"parameters_in": "json", "query": {"a": 1}},
        {"parameters_in": "json", "headers": {"a": 1}},
        {"headers": {"a": "{secret.b"}},
        {"headers": {"a": "{{secret.b}"}},
        {"query": {"a": "{tenant.b}"}},
        {"assertion": []},
        {"assertion": {"subject": "{a}"}},
        {"assertion": {"claims": {"a": ["}"]}}},
    ],
    ids=str,
)
def test_description_that_nobody_can_follow_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  an Enum's own text, and ours
        parse_request_description(document)


def test_fields_of_the_secret_that_one_request_alone_names_are_needed_too() -> None:
    document = {
        "parameters": {"a": "{secret.one}"},
        "code_exchange": {"parameters": {"b": "{secret.two}"}},
        "refresh": {"parameters": {"c": ["{secret.one}"]}, "query": {"d": "{secret.three}"}},
    }

    assert placeholders(document) == ("one", "two", "three")


@pytest.mark.parametrize(
    ("described", "method", "parameters_in"),
    [
        ({"method": "GET", "parameters_in": "query"}, "GET", ParametersIn.QUERY),
        ({"parameters_in": "json"}, "POST", ParametersIn.JSON),
    ],
)
def test_parameters_are_sent_where_the_description_says(
    described: dict[str, Any], method: str, parameters_in: ParametersIn
) -> None:
    request = request_as(described)

    assert (request.method, request.parameters_in) == (method, parameters_in)


@pytest.mark.parametrize("part", ["parameters", "query", "headers"])
def test_a_part_is_no_deeper_than_its_bound(part: str) -> None:
    value: object = "x"
    for _ in range(DEEPEST):
        value = [value]

    with pytest.raises(ValueError, match=f"^{part} is not an object, or nested too deeply"):
        parse_request_description({"parameters_in": "json", part: {"a": value}})


def test_get_has_its_parameters_in_the_query() -> None:
    described = parse_request_description({"method": "GET", "parameters_in": "query"})

    assert (described.method, described.parameters_in) == ("GET", ParametersIn.QUERY)


@pytest.mark.parametrize("is_list", [True, False])
@pytest.mark.parametrize(("depth", "too_deep"), [(DEEPEST, False), (DEEPEST + 1, True)])
def test_depth_has_a_bound(depth: int, *, too_deep: bool, is_list: bool) -> None:
    value: object = "{secret.a}"
    for _ in range(depth - 1):
        value = [value] if is_list else {"b": value}
    document = {"parameters_in": "json", "parameters": {"a": value}}

    assert is_too_deep(document["parameters"]) is too_deep
    assert placeholders(document) == (() if too_deep else ("a",))
