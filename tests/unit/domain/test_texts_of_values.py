"""How small values are written and read: secrets, encodings, accounts, instants, codes."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response

from tokenvend.domain.oauth.client_assertion import AssertionDraft, signing_input
from tokenvend.domain.oauth.code_exchange import account_text, parse_account
from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.oauth.response_description import LifetimeUnit
from tokenvend.domain.oauth.token_lifetime import stated_seconds
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import KmsKey, SigningAlgorithm, encode

LONGEST = "a" * 256


def test_a_secret_reads_the_same_whatever_it_holds() -> None:
    assert {repr(Secret(each)) for each in ("", "hunter2", "a" * 99)} == {"Secret(***)"}
    assert str(Secret("hunter2")) == "Secret(***)"
    with pytest.raises(TypeError, match=r"^a Secret cannot be pickled$"):
        Secret("hunter2").__reduce__()


def test_secrets_of_different_values_are_spread_over_a_table() -> None:
    assert len({hash(Secret(str(number))) for number in range(100)}) > 90


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 31, 32])
def test_base64url_without_padding_reads_back(size: int) -> None:
    for first in range(256):
        data = bytes([first]) * size

        text = encode(data)

        assert "=" not in text
        assert urlsafe_b64decode(text + "=" * (-len(text) % 4)) == data


def test_an_assertion_is_written_without_a_space() -> None:
    draft = AssertionDraft("our-client", "https://a.example", SigningAlgorithm.ES256, KmsKey("k"))

    for part in signing_input(draft, key_id="k", now=START, jti="once").decode().split("."):
        text = urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        assert text == json.dumps(json.loads(text), separators=(",", ":"))


@pytest.mark.parametrize(
    ("value", "account"),
    [
        ("ada", "ada"),
        ("a", "a"),
        (LONGEST, LONGEST),
        (7, "7"),
        (0, "0"),
        ("", None),
        (LONGEST + "a", None),
        (True, None),
        (7.5, None),
        (None, None),
        (["ada"], None),
        ("ada\u202eevil", None),
        ("ada\n", None),
    ],
)
def test_an_account_is_a_text_that_shows_what_it_is(value: object, account: str | None) -> None:
    assert account_text(value) == account
    assert parse_account(json_response({"id": value}), "id") == account


@pytest.mark.parametrize(
    "response",
    [
        json_response(["ada"]),
        json_response("ada"),
        json_response(None),
        json_response({"sub": "ada"}),
        json_response({"id": "ada"}, status=201),
        json_response({"id": "ada"}, status=401),
        ProviderResponse(200, "text/html", b"<html>"),
        ProviderResponse(200, "application/json", b"[" * 100_000),
    ],
)
def test_an_answer_that_does_not_say_whose_a_token_is_names_nobody(
    response: ProviderResponse,
) -> None:
    assert parse_account(response, "id") is None


@pytest.mark.parametrize("text", ["T12:10:00Z", "t12:10:00z", " 12:10:00.9z", "T13:10:00+0100"])
def test_an_instant_in_utc_may_be_written_in_small_letters(text: str) -> None:
    seconds = stated_seconds(f"2026-03-01{text}", LifetimeUnit.RFC3339, requested_at=START)

    assert timedelta(seconds=int(seconds)) == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("code", "sent", "passes"),
    [
        pytest.param("brok", "xbrokx", False, id="a short code that was sent"),
        pytest.param("brok", "xbrox", True, id="a short code that was not"),
        pytest.param("broken", "bro", False, id="all of a short text that was sent"),
        pytest.param("broken", "", True, id="nothing was sent"),
        pytest.param("broken", "xroke", True, id="four characters are in any two texts"),
        pytest.param("broken", "xroken", False, id="five are not"),
    ],
)
def test_a_code_passes_unless_it_shares_a_part_with_what_was_sent(
    code: str, sent: str, *, passes: bool
) -> None:
    assert error_code(code, sent=[Secret(sent)]) == (code if passes else None)
