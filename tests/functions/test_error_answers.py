"""What is answered to a request without a token, held to RFC 6749 §5.2 by the letter."""

import json
import re
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.functions.token_requests import ask, basic

from tokenvend.domain.errors import ConsentRequiredError, InvalidRequestError
from tokenvend.domain.identity import EntryPoint
from tokenvend.entries.direct import direct_error
from tokenvend.entries.http import http_error

#: `%x20-21 / %x23-5B / %x5D-7E`, of `error` and of `error_description`.
CHARACTERS = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]+")
CHALLENGES = {
    "vend_oauth2": 'Basic realm="tokenvend", charset="UTF-8"',
    "vend_iam": "AWS4-HMAC-SHA256",
}


def check_letter(answer: dict[str, Any], *, function: str = "vend_oauth2") -> dict[str, Any]:
    """The error that *answer* is, once everything that §5.2 and §5.1 say of it has been seen."""
    fields: dict[str, Any] = json.loads(answer["body"])
    headers = answer["headers"]
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")
    assert headers["Pragma"] == "no-cache"
    assert CHARACTERS.fullmatch(fields["error"])
    assert CHARACTERS.fullmatch(fields["error_description"])
    assert (answer["statusCode"] == 401) == (fields["error"] == "invalid_client")
    challenge = CHALLENGES[function] if answer["statusCode"] == 401 else None
    assert headers.get("WWW-Authenticate") == challenge
    return fields


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("function", ["vend_oauth2", "vend_iam"])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param("scope=a&scope=b", "invalid_request", id="a parameter repeats"),
        pytest.param("x=1&x=1", "invalid_request", id="an unknown parameter repeats"),
        pytest.param("audience=a&audience=b", "invalid_request", id="the audience repeats"),
        pytest.param("scope=%FF", "invalid_request", id="not UTF-8"),
        pytest.param("grant_type=password", "unsupported_grant_type", id="another grant type"),
        pytest.param("scope=a%22b", "invalid_scope", id="a malformed scope"),
        pytest.param("scope=", "invalid_scope", id="an empty scope"),
        pytest.param("scope=jobs_manage", "invalid_scope", id="a scope beyond the grant"),
        pytest.param("resource=urn:x", "invalid_target", id="a resource beyond the grant"),
        pytest.param("resource=a%0Ab", "invalid_target", id="a malformed resource"),
    ],
)
def test_an_error_has_its_code_and_status(function: str, body: str, error: str) -> None:
    answer = ask(body, function)

    assert (answer["statusCode"], check_letter(answer)["error"]) == (400, error)


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("body", "authorization"),
    [
        pytest.param("", basic("shop:wrong"), id="a wrong secret in the header"),
        pytest.param("", basic("nobody:tv_example"), id="nobody in the header"),
        pytest.param("", "Basic !", id="a header that is no base64"),
        pytest.param("", "Bearer abc", id="another scheme"),
        pytest.param("", "", id="no client authentication"),
        pytest.param("client_id=shop", "", id="an id alone"),
        pytest.param("client_id=shop&client_secret=wrong", "", id="a wrong secret in the body"),
        pytest.param("client_id=shop&client_assertion=x", "", id="an unsupported method"),
    ],
)
def test_a_client_that_is_not_authenticated_gets_401_and_is_told_how(
    body: str, authorization: str
) -> None:
    assert check_letter(ask(body, authorization=authorization))["error"] == "invalid_client"


@pytest.mark.usefixtures("harness")
def test_a_signer_that_is_nobody_is_told_to_sign_not_to_send_a_secret() -> None:
    answer = ask("", "vend_iam", requestContext={"identity": {}})

    assert check_letter(answer, function="vend_iam")["error"] == "invalid_client"


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("body", "changed"),
    [
        pytest.param("client_id=shop&client_secret=tv_example", {}, id="two authentications"),
        pytest.param("client_id=other", {}, id="another client_id in the body"),
        pytest.param("", {"content_type": "application/json"}, id="not a form"),
        pytest.param("", {"queryStringParameters": {"scope": "a"}}, id="parameters in the URL"),
        pytest.param("", {"credential": "No such name"}, id="a malformed path"),
        pytest.param("tenant=a/b", {}, id="a malformed value"),
    ],
)
def test_a_malformed_request_is_an_invalid_request(body: str, changed: dict[str, Any]) -> None:
    answer = ask(body, **changed)

    assert (answer["statusCode"], check_letter(answer)["error"]) == (400, "invalid_request")


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("credential", ["other", "nothing-of-that-name"])
def test_a_client_without_a_grant_is_an_unauthorized_client(credential: str) -> None:
    answer = ask("", credential=credential)

    assert (answer["statusCode"], check_letter(answer)["error"]) == (400, "unauthorized_client")


def test_a_consent_that_is_missing_is_told_in_plain_ascii() -> None:
    error = ConsentRequiredError(rule="connection.active", missing_scope="jobs_read")

    assert check_letter(http_error(error, EntryPoint.OAUTH2)) == {
        "error": "consent_required",
        "error_description": error.description,
    }


@pytest.mark.usefixtures("harness")
def test_a_parameter_without_a_value_counts_as_left_out() -> None:
    assert ask("audience=&resource=&tenant=&client_secret=")["statusCode"] == 200


@given(text=st.text())
def test_no_description_leaves_the_characters_that_the_rfc_allows(text: str) -> None:
    error = InvalidRequestError(f"Not {text}", rule="r")

    for document in (json.loads(http_error(error, EntryPoint.OAUTH2)["body"]), direct_error(error)):
        assert CHARACTERS.fullmatch(str(document["error_description"]))


@pytest.mark.usefixtures("harness")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    names=st.lists(
        st.sampled_from(
            ["grant_type", "scope", "audience", "resource", "tenant", "connection", "x"]
        ),
        max_size=4,
    ),
    value=st.text(max_size=12),
)
def test_whatever_is_asked_the_answer_keeps_the_letter(names: list[str], value: str) -> None:
    answer = ask("&".join(f"{name}={quote_plus(value, errors='ignore')}" for name in names))

    if answer["statusCode"] != 200:
        check_letter(answer)
