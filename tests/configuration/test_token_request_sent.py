"""The token endpoint receives the request that the file describes."""

import pytest
from tests.configuration.sent_requests import ACCOUNT, CLIENT, NO_CLIENT, sent_request

from tokenvend.domain.errors import CredentialNotReadyError


def test_own_grant_type_has_its_parameters_from_the_secret() -> None:
    request = sent_request(
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
    request = sent_request(
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
    request = sent_request(
        {"parameters_in": "query", "parameters": {"account": "{secret.account_id}"}}
    )

    assert request.query == {"grant_type": "client_credentials", "account": "A 1/ü&="}
    assert (request.body, request.headers["content-length"]) == (b"", "0")


def test_login_sends_nothing_that_is_not_described() -> None:
    request = sent_request(
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
    request = sent_request(
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

    assert sent_request({}, secret, client_authentication=method).basic == sent


def test_basic_as_it_is_refuses_a_colon_that_would_end_the_id() -> None:
    with pytest.raises(CredentialNotReadyError, match="colon"):
        sent_request(
            {},
            {"client_id": "a:b", "client_secret": "s"},
            client_authentication="client_secret_basic_unencoded",
        )


def test_standard_parameters_go_before_described_and_extra_ones() -> None:
    request = sent_request(
        {"parameters": {"kind": "described"}},
        credential={
            "scopes": ["read"],
            "scope_parameter": True,
            "extra_parameters": {"kind": "extra"},
        },
    )

    assert request.form == {"grant_type": "client_credentials", "scope": "read", "kind": "extra"}


def test_grant_type_may_stand_in_the_url_while_the_body_is_json() -> None:
    request = sent_request(
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
    request = sent_request({"parameters": {"audience": "https://api.acme.example"}})

    assert request.form["audience"] == "https://api.acme.example"


def test_refresh_token_that_is_good_for_ever_is_a_grant_of_its_own() -> None:
    request = sent_request(
        {
            "grant_type": "refresh_token",
            "parameters": {"refresh_token": "{secret.refresh_token}"},
        },
        CLIENT | {"refresh_token": "for-ever"},
    )

    assert request.form == {"grant_type": "refresh_token", "refresh_token": "for-ever"}


def test_doubled_brace_is_sent_as_one() -> None:
    query = "mutation($e:String!){{signIn(email:$e){{token}}}}"

    request = sent_request(
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
    request = sent_request(
        {"parameters": {"app": "{secret.client_id}"}},
        {"client_secret": "s3cret"},
        credential={"client_id": "ours"},
    )

    assert (request.form["app"], request.basic[0]) == ("ours", "ours")
