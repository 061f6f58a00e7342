"""What a caller reads when its request is malformed: which parameter, and what would be right."""

from typing import Any

import pytest

from tokenvend.domain import bounds
from tokenvend.domain.connection_request import (
    Action,
    ConnectionRequest,
    parse_connection_request,
)
from tokenvend.domain.errors import (
    InvalidRequestError,
    TokenVendError,
    UnsupportedGrantTypeError,
)
from tokenvend.domain.request import TOKEN_EXCHANGE, parse_rejection, parse_vend_request
from tokenvend.domain.secret import Secret

TEXT_OF_SCOPES = "scope must be one text, its scopes separated by spaces."
WHOLE_SECONDS = "min_ttl_seconds must be a whole number of seconds."
NAME = "connection must be a name that you chose, of at most 63 characters."
RETURN_URL = "return_url must be one that the grant lists."
CODE = "code must be the one-time code that came to your return_url."
FLAG = "may_change_account must be true or false."
NEITHER_NOR_BOTH = "token or token_sha256 is needed, and not both."
DIGEST = "token_sha256 must be a SHA-256 in lower-case hexadecimal."
SHA256 = "0" * 64
GOOD_CODE = "a" * 20
START = {"connection": "ada", "return_url": "https://shop.example/back"}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"scope": ["a"]}, TEXT_OF_SCOPES),
        ({"scope": 'a"b'}, "scope has a character that is not allowed."),
        ({"scope": ""}, "scope is empty: leave it out for the grant's own scopes."),
        (
            {"scope": " ".join(f"s{n}" for n in range(bounds.SCOPES + 1))},
            f"scope lists more than {bounds.SCOPES} scopes.",
        ),
        ({"audience": "a b"}, "audience is not well-formed."),
        ({"resource": 7}, "resource is not well-formed."),
        ({"tenant": "a/b"}, "tenant is not a well-formed name."),
        ({"connection": "a b"}, "connection is not a well-formed name."),
        ({"min_ttl_seconds": "soon"}, WHOLE_SECONDS),
        ({"min_ttl_seconds": 1.0}, WHOLE_SECONDS),
        ({"grant_type": "password"}, "grant_type must be client_credentials."),
    ],
)
def test_a_malformed_request_for_a_token_says_what_would_be_right(
    parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(TokenVendError) as caught:
        parse_vend_request("jobs", parameters)

    assert caught.value.description == words
    assert caught.value.rule == f"request.{words.split(' ', maxsplit=1)[0]}"


@pytest.mark.parametrize("name", [None, 7, "", "Jobs", "a/b"])
def test_a_malformed_name_of_a_credential_is_told(name: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_vend_request(name, {})

    assert caught.value.description == "credential is not a well-formed name."
    assert caught.value.rule == "request.credential"


def test_a_connection_may_be_named_with_its_owner_and_a_tenant_may_not() -> None:
    assert parse_vend_request("jobs", {"connection": "shop/ada"}).connection == "shop/ada"
    with pytest.raises(InvalidRequestError):
        parse_vend_request("jobs", {"tenant": "shop/ada"})


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, NEITHER_NOR_BOTH),
        ({"token": "t", "token_sha256": SHA256}, NEITHER_NOR_BOTH),
        ({"token": ""}, "token must be an ASCII text."),
        ({"token": "zw\u00f6lf"}, "token must be an ASCII text."),
        ({"token": 7}, "token must be an ASCII text."),
        ({"token_sha256": 7}, DIGEST),
        ({"token_sha256": "A" * 64}, DIGEST),
        ({"token_sha256": "0" * 63}, DIGEST),
        ({"token_sha256": "0" * 65}, DIGEST),
    ],
)
def test_a_malformed_report_of_a_token_says_what_would_be_right(
    parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_rejection("jobs", parameters)

    assert caught.value.description == words
    assert caught.value.rule == f"request.{words.split(' ', maxsplit=1)[0]}"


def test_a_token_is_reported_by_itself_or_by_its_digest() -> None:
    by_token = parse_rejection("jobs", {"token": "a-token", "scope": "read"})
    by_digest = parse_rejection("jobs", {"token_sha256": Secret("a-token").sha256, "scope": "read"})

    assert by_token == by_digest
    assert by_token.token_sha256 == Secret("a-token").sha256
    assert by_token.request == parse_vend_request("jobs", {"scope": "read"})


def test_a_report_of_a_token_needs_the_grant_type_of_the_one_who_reports() -> None:
    exchange = {"token": "a-token", "grant_type": TOKEN_EXCHANGE}

    assert parse_rejection("jobs", exchange, grant_type=TOKEN_EXCHANGE).request.credential == "jobs"
    with pytest.raises(UnsupportedGrantTypeError):
        parse_rejection("jobs", exchange)
    with pytest.raises(UnsupportedGrantTypeError):
        parse_rejection("jobs", {"token": "a", "grant_type": "x"}, grant_type=TOKEN_EXCHANGE)


@pytest.mark.parametrize(
    ("action", "parameters", "words"),
    [
        (Action.START, START | {"connection": None}, NAME),
        (Action.START, START | {"connection": 7}, NAME),
        (Action.START, START | {"connection": "shop/ada"}, NAME),
        (Action.START, START | {"connection": "a" * 64}, NAME),
        (Action.START, START | {"return_url": None}, RETURN_URL),
        (Action.START, START | {"return_url": ["https://shop.example/back"]}, RETURN_URL),
        (Action.START, START | {"return_url": "https://shop.example/a b"}, RETURN_URL),
        (Action.START, START | {"scope": 7}, TEXT_OF_SCOPES),
        (Action.COMPLETE, {"connection": "ada"}, CODE),
        (Action.COMPLETE, {"connection": "ada", "code": 7}, CODE),
        (Action.COMPLETE, {"connection": "ada", "code": "a" * 19}, CODE),
        (Action.COMPLETE, {"connection": "ada", "code": "a" * 129}, CODE),
        (Action.COMPLETE, {"connection": "ada", "code": GOOD_CODE + "\n"}, CODE),
        (Action.COMPLETE, {"connection": "ada", "code": GOOD_CODE, "may_change_account": 1}, FLAG),
        (
            Action.COMPLETE,
            {"connection": "ada", "code": GOOD_CODE, "may_change_account": "yes"},
            FLAG,
        ),
        (
            Action.COMPLETE,
            {"connection": "ada", "code": GOOD_CODE, "may_change_account": ["true"]},
            FLAG,
        ),
        (Action.INSPECT, {}, NAME),
        (Action.DISCONNECT, {"connection": ""}, NAME),
    ],
)
def test_a_malformed_request_for_a_connection_says_what_would_be_right(
    action: Action, parameters: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_connection_request(action, "hiring", parameters)

    assert caught.value.description == words
    assert caught.value.rule == f"request.{words.split(' ', maxsplit=1)[0]}"


@pytest.mark.parametrize("action", ["drop", "", None, 7, ["start"]])
def test_an_unknown_action_is_told_which_there_are(action: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_connection_request(action, "hiring", {})

    assert caught.value.description == (
        "action must be one of start, complete, list, inspect, disconnect."
    )
    assert caught.value.rule == "request.action"


#: Every parameter of every action, and none that is well-formed: what no action takes is not read.
MALFORMED = dict.fromkeys(("connection", "scope", "return_url", "code", "may_change_account"), 7)


def test_an_action_reads_no_parameter_but_its_own() -> None:
    listed = parse_connection_request(Action.LIST, "hiring", MALFORMED)
    inspected = parse_connection_request(
        Action.INSPECT, "hiring", MALFORMED | {"connection": "ada"}
    )

    assert listed == ConnectionRequest(action=Action.LIST, credential="hiring", connection="")
    assert inspected == ConnectionRequest(
        action=Action.INSPECT, credential="hiring", connection="ada"
    )


@pytest.mark.parametrize(("value", "means"), [("true", True), (True, True), ("false", False)])
def test_another_account_is_accepted_only_by_saying_so(value: object, *, means: bool) -> None:
    parameters = {"connection": "ada", "code": GOOD_CODE}

    said = parse_connection_request(
        Action.COMPLETE, "hiring", {**parameters, "may_change_account": value}
    )

    assert said.may_change_account is means
    assert not parse_connection_request(Action.COMPLETE, "hiring", parameters).may_change_account
