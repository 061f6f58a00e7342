"""Bodies, statuses and errors of odd answers, none of which is quoted."""

import json
import traceback

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.strategies import START, markers
from tests.unit.domain.odd_answers import answer_of, parse_answer, refusal_of

from tokenvend.domain import bounds
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.token_response import (
    ProviderResponse,
    parse_retry_after,
)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff",
        b'{"access_token":"\xff"}',
        b"null",
        b"7",
        b'"t"',
        b"<!doctype html>",
        b"access_token=t&token_type=bearer",
    ],
)
def test_body_of_another_form_is_refused(body: bytes) -> None:
    assert refusal_of(body).provider_error == "malformed_answer"


def test_byte_order_mark_is_overlooked() -> None:
    assert parse_answer(b"\xef\xbb\xbf" + answer_of()).access_token.reveal() == "t"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [("Bearer", "DPoP", "unsupported_token_type"), ("DPoP", "Bearer", None)],
)
def test_last_of_two_fields_counts(first: str, second: str, reason: str | None) -> None:
    # RFC 8259 §4 leaves it open; what matters is that it is the same for every use.
    body = f'{{"access_token":"t","token_type":"{first}","token_type":"{second}"}}'.encode()

    if reason is None:
        assert parse_answer(body).access_token.reveal() == "t"
    else:
        assert refusal_of(body).provider_error == reason


@pytest.mark.parametrize("status", [202, 204, 301, 400, 401, 408, 418, 499])
def test_only_200_and_201_are_a_token(status: int) -> None:
    assert refusal_of(answer_of(), status=status).provider_error == f"http_{status}"


@pytest.mark.parametrize("status", [429, 500, 503, 599])
def test_provider_that_is_away_refuses_nothing(status: int) -> None:
    with pytest.raises(TemporarilyUnavailableError) as caught:
        parse_answer(answer_of(error="invalid_client"), status=status)

    assert caught.value.rule == ("provider.rate" if status == 429 else "provider.away")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("invalid_client", "invalid_client"),
        ("a" * 32, "a" * 32),
        ("a" * 33, "malformed_error"),
        ("7up", "malformed_error"),
        ("a\nb", "malformed_error"),
        ("ä", "malformed_error"),
        ("\ud800", "malformed_error"),
        (["invalid_client"], "malformed_error"),
    ],
)
def test_only_a_well_formed_code_is_passed_on(code: object, said: str) -> None:
    assert refusal_of(answer_of(error=code)).provider_error == said


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 1),
        ("", 1),
        ("0", 1),
        ("1", 1),
        (" 7 ", 7),
        ("900", 900),
        ("901", 900),
        ("9" * 15, 900),
        ("9" * 5000, 1),
        ("-5", 1),
        ("1.5", 1),
        ("\u0661", 1),
        ("Sun, 01 Mar 2026 00:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 00:00:30 -0000", 30),
        ("Sun, 01 Mar 2026 02:00:30 +0200", 30),
        ("Sunday, 01-Mar-26 00:00:30 GMT", 30),
        ("Sun, 01 Mar 2020 00:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 900),
        ("Sun, 01 Mar 99999999999999999999999 00:00:00 GMT", 1),
        ("Sun, 01 Mar 2026 00:00:00 +99999999", 1),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(header: str | None, seconds: int) -> None:
    assert parse_retry_after(header, now=START) == seconds


@given(header=st.text() | st.from_regex(r"\w{3}, \d+ Mar \d+ \d+:\d+:\d+ [+-]?\w*", fullmatch=True))
def test_no_retry_after_breaks_the_answer(header: str) -> None:
    assert 1 <= parse_retry_after(header, now=START) <= bounds.BACKOFF_MAXIMUM.total_seconds()


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


_fields = st.sampled_from(
    ["error", "error_description", "access_token", "token_type", "expires_in", "scope", "cnf"]
)


@given(
    marker=markers,
    fields=st.dictionaries(_fields, _values),
    hidden_in=_fields.filter("error".__ne__),
    status=st.sampled_from([200, 200, 200, 302, 400, 401, 429, 500]),
)
@example(marker="zqzqzqzq", fields={"expires_in": 1e308}, hidden_in="access_token", status=200)
def test_no_part_of_an_answer_is_in_its_refusal(
    marker: str, fields: dict[str, object], hidden_in: str, status: int
) -> None:
    odd = fields | {hidden_in: f"{marker}\x00", "error_uri": marker}

    with pytest.raises(TokenVendError) as caught:
        parse_answer(json.dumps(odd).encode(), status=status)

    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert marker not in shown


@given(body=st.binary(), status=st.integers(100, 599), retry_after=st.none() | st.text())
def test_whatever_is_sent_is_a_token_or_one_of_our_errors(
    body: bytes, status: int, retry_after: str | None
) -> None:
    with pytest.raises((ProviderRefusedError, TemporarilyUnavailableError)):
        parse_answer(body, status=status, retry_after=retry_after)


def test_answer_does_not_show_its_body() -> None:
    assert "hunter2" not in repr(ProviderResponse(200, body=b"hunter2"))
