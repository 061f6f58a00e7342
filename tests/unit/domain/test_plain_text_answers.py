"""A token answer that is the token alone, and paths that would show a token."""

from dataclasses import replace

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.domain.described_requests import DEFINITION

from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.oauth.response_description import (
    field_that_shows_a_token,
    parse_token_answer,
    read_answer,
)
from tokenvend.domain.oauth.token_response import parse_token_response
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken

PLAIN = replace(DEFINITION, token_answer={"plain_text": True, "token": "data.key"})


@pytest.mark.parametrize(
    ("body", "token"),
    [(b"a-token\n", "a-token"), (b'"a-token"', "a-token"), (b"7", "7"), ("é".encode(), None)],
)
def test_an_answer_in_plain_text_is_the_token(body: bytes, token: str | None) -> None:
    assert read_answer(body, "text/plain", PLAIN).token == token


@pytest.mark.parametrize("body", [b'{"access_token": "a"}', b'["a"]'])
def test_json_is_no_plain_text(body: bytes) -> None:
    assert read_answer(body, "text/plain", PLAIN).token is None


def test_only_a_definition_that_says_so_has_answers_in_plain_text() -> None:
    for token_answer in ({"plain_text": False}, {}):
        definition = replace(DEFINITION, token_answer=token_answer)

        assert read_answer(b"a-token", "text/plain", definition).token is None


@pytest.mark.parametrize(
    ("token_type", "is_taken"), [("Key", True), ("DPoP", False), ("mac", False)]
)
def test_a_described_token_is_of_any_type_that_needs_no_proof(
    token_type: str, *, is_taken: bool
) -> None:
    definition = replace(DEFINITION, api_request={"headers": {"A": "{token}"}})
    answer = {"access_token": "a", "token_type": token_type, "expires_in": 60}

    def parse() -> AccessToken:
        return parse_token_response(
            json_response(answer), definition, requested_scopes=NO_SCOPES, requested_at=START
        )

    if is_taken:
        assert parse().access_token == Secret("a")
        return
    with pytest.raises(ProviderRefusedError):
        parse()


@pytest.mark.parametrize("value", ["true", 1, []])
def test_plain_text_is_true_or_false(value: object) -> None:
    with pytest.raises(ValueError, match="plain_text"):
        parse_token_answer({"plain_text": value})


@pytest.mark.parametrize(
    ("paths", "field"),
    [
        ({"token": ("error", "key")}, "error"),
        ({"token": ("list", "0", "key"), "error": ("list", "00")}, "error"),
        ({"token": ("list", "0", "key"), "error": ("list", "1")}, None),
        ({"token": ("data", "key"), "scope": ("data",)}, "scope"),
        ({"token": ("data", "key"), "scope": ("data", "id_token")}, "scope"),
        ({"refresh_token": ("data", "next"), "success": ("data", "next")}, "success"),
        ({"token": ("data", "key"), "error": ("data", "code")}, None),
    ],
    ids=str,
)
def test_no_field_that_is_shown_leads_to_a_token(
    paths: dict[str, tuple[str, ...]], field: str | None
) -> None:
    assert field_that_shows_a_token(paths) == field
