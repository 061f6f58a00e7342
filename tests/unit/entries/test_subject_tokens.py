"""A subject token proves its caller only without a client beside it, and by its grant type."""

from urllib.parse import urlencode

import pytest

from tokenvend.domain.errors import InvalidRequestError, UnsupportedGrantTypeError
from tokenvend.domain.request import TOKEN_EXCHANGE
from tokenvend.entries.direct_exchange import parse_direct_exchange, parse_direct_for_user
from tokenvend.entries.form import FORM, has_client
from tokenvend.entries.http import parse_oauth2_event


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("Basic c2hvcDpz", {}),
        ("Bearer abc", {}),
        ("", {"client_secret": "s"}),
        ("", {"client_assertion": "a"}),
        ("", {"client_id": "shop", "client_secret": ""}),
    ],
)
def test_a_client_that_authenticates_is_seen(header: str, form: dict[str, str]) -> None:
    assert has_client({"headers": {"Authorization": header}}, form)


def test_a_client_id_alone_is_no_harm() -> None:
    assert not has_client({"headers": {}}, {"client_id": "shop"})


@pytest.mark.parametrize(
    "event", [None, 7, "jobs", ["jobs"], {"reject": "token"}, {"connections": ["list"]}]
)
def test_a_request_with_one_is_an_object(event: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_direct_exchange(event)

    assert caught.value.rule == "request.shape"
    assert caught.value.description == "A request is a JSON object."


@pytest.mark.parametrize("grant_type", [None, "client_credentials", TOKEN_EXCHANGE.upper()])
@pytest.mark.parametrize("frame", [None, "reject", "connections"])
def test_only_a_token_exchange_proves_somebody(grant_type: str | None, frame: str | None) -> None:
    fields = {"credential": "jobs", "grant_type": grant_type, "subject_token": "t"}

    with pytest.raises(UnsupportedGrantTypeError) as caught:
        parse_direct_exchange({frame: fields} if frame else fields)

    assert caught.value.rule == "request.grant_type"
    assert caught.value.description == (
        f"grant_type must be {TOKEN_EXCHANGE}: this alias proves nobody."
    )


@pytest.mark.parametrize("frame", [None, "reject", "connections"])
def test_a_users_token_comes_with_no_other_grant_type(frame: str | None) -> None:
    fields = {"credential": "jobs", "grant_type": "client_credentials", "subject_token": "t"}

    with pytest.raises(UnsupportedGrantTypeError) as caught:
        parse_direct_for_user({frame: fields} if frame else fields)

    assert caught.value.rule == "request.grant_type"
    assert caught.value.description == (
        f"grant_type must be {TOKEN_EXCHANGE} where a subject_token is."
    )


def test_a_client_that_asks_for_a_token_exchange_needs_its_users_token() -> None:
    event = {
        "resource": "/oauth2/{credential}/token",
        "pathParameters": {"credential": "jobs"},
        "headers": {"Content-Type": FORM, "Authorization": "Basic c2hvcDpz"},
        "body": urlencode({"grant_type": TOKEN_EXCHANGE}),
    }

    with pytest.raises(InvalidRequestError) as caught:
        parse_oauth2_event(event)

    assert caught.value.rule == "request.subject_token"
