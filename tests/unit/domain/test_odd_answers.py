"""Answers that no test of the ordinary would send, and that none of them is quoted."""

import base64
import json
import traceback
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.strategies import START, markers

from tokenvend.domain import bounds
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.token_response import (
    ProviderResponse,
    parse_retry_after,
    parse_token_response,
)
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.token import AccessToken

LONGEST = bounds.LIFETIME_MAXIMUM - bounds.CLOCK_SKEW
DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://a.example/t"
)


def _parse(body: bytes, *, status: int = 200, **response: Any) -> AccessToken:
    return parse_token_response(
        ProviderResponse(status, body=body, **response),
        DEFINITION,
        requested_scopes=frozenset({"read"}),
        requested_at=START,
    )


def _refusal(body: bytes, *, status: int = 200) -> ProviderRefusedError:
    with pytest.raises(ProviderRefusedError) as caught:
        _parse(body, status=status)
    return caught.value


def _answer(**fields: object) -> bytes:
    return json.dumps({"access_token": "t", "token_type": "Bearer"} | fields).encode()


def _jwt(claims: str) -> str:
    payload = base64.urlsafe_b64encode(claims.encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


def _raw(expires_in: str) -> bytes:
    return b'{"access_token":"t","token_type":"Bearer","expires_in":%s}' % expires_in.encode()


@pytest.mark.parametrize("expires_in", ["1e400", "1e15", "9" * 400, '"999999999999999"', "2592000"])
def test_huge_lifetime_is_capped(expires_in: str) -> None:
    assert _parse(_raw(expires_in)).lifetime == LONGEST


@pytest.mark.parametrize(
    ("expires_in", "reason"),
    [
        ("-1e400", "expired_token"),
        ("-" + "9" * 400, "expired_token"),
        ("0", "expired_token"),
        ("0.999", "expired_token"),
        ("true", "malformed_expires_in"),
        ('"1800."', "malformed_expires_in"),
        ('"1e3"', "malformed_expires_in"),
        ('" 1800"', "malformed_expires_in"),
        ('"\\u0661"', "malformed_expires_in"),
        ('"' + "9" * 16 + '"', "malformed_expires_in"),
        ("[1800]", "malformed_expires_in"),
        ("NaN", "malformed_answer"),
        ("Infinity", "malformed_answer"),
        ("9" * 5000, "malformed_answer"),
    ],
)
def test_lifetime_that_is_none_is_refused(expires_in: str, reason: str) -> None:
    assert _refusal(_raw(expires_in)).provider_error == reason


@pytest.mark.parametrize("expires_in", ["1", "1.0", '"1"', "1.9"])
def test_shortest_lifetime_is_a_second(expires_in: str) -> None:
    assert _parse(_raw(expires_in)).lifetime == timedelta(seconds=0.9)


@pytest.mark.parametrize(
    ("after", "lived"), [(1, 0.9), (2.5, 1.8), (600, 570), (10**9, LONGEST.total_seconds())]
)
def test_jwts_exp_counts_where_nothing_is_stated(after: float, lived: float) -> None:
    token = _jwt(json.dumps({"exp": START.timestamp() + after}))

    assert _parse(_answer(access_token=token)).lifetime.total_seconds() == lived


@pytest.mark.parametrize("exp", ["1e400", "9" * 400])
def test_endless_jwt_is_capped(exp: str) -> None:
    token = _parse(_answer(access_token=_jwt(f'{{"exp":{exp}}}')))

    assert abs(token.lifetime - LONGEST) < timedelta(seconds=2)


@pytest.mark.parametrize("exp", ["-1e400", "-" + "9" * 400, "0", str(START.timestamp() + 0.999)])
def test_jwt_that_is_over_is_refused(exp: str) -> None:
    refusal = _refusal(_answer(access_token=_jwt(f'{{"exp":{exp}}}')))

    assert refusal.provider_error == "expired_token"


@pytest.mark.parametrize(
    "token",
    [
        _jwt('{"exp":true}'),
        _jwt('{"exp":"1"}'),
        _jwt('{"exp":null}'),
        _jwt('{"exp":NaN}'),
        _jwt("[" * 10_000),
        _jwt("not JSON"),
        _jwt("[1]"),
        "e30.A.c2ln",
        "a.b",
        "a.b.c.d.e",
        "..",
    ],
    ids=lambda token: token[:16],
)
def test_token_that_says_nothing_lives_as_the_definition_says(token: str) -> None:
    default = timedelta(seconds=bounds.DEFAULT_LIFETIME_SECONDS)

    assert _parse(_answer(access_token=token)).lifetime == default - bounds.CLOCK_SKEW


@pytest.mark.parametrize(
    "fields",
    [
        {"cnf": None},
        {"cnf": {}},
        {"access_token": _jwt('{"cnf":null}')},
        {"access_token": _jwt('{"cnf":{"jkt":"x"}}'), "expires_in": 60},
    ],
    ids=str,
)
def test_token_bound_to_a_key_is_refused_wherever_it_says_so(fields: dict[str, object]) -> None:
    assert _refusal(_answer(**fields)).provider_error == "bound_token"


@pytest.mark.parametrize("token_type", ["N_A", "mac", "Bearer ", "", 7, ["Bearer"], True])
def test_other_types_of_token_are_refused(token_type: object) -> None:
    assert _refusal(_answer(token_type=token_type)).provider_error == "unsupported_token_type"


@pytest.mark.parametrize(
    "token", ["a b", "a\n", "\ud800", "ä", "a" * 32_769, "a\x00", {"a": 1}, True]
)
def test_token_that_no_header_can_carry_is_refused(token: object) -> None:
    assert _refusal(_answer(access_token=token)).provider_error == "malformed_access_token"


def test_longest_token_is_taken() -> None:
    token = "a" * 32_768

    assert _parse(_answer(access_token=token)).access_token.reveal() == token


@pytest.mark.parametrize("scope", ["\ud800", 'a"', "a\x00b", 7, True, {}, [7], [["a"]]])
def test_scope_that_is_none_is_refused(scope: object) -> None:
    assert _refusal(_answer(scope=scope)).provider_error == "malformed_scope"


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
    assert _refusal(body).provider_error == "malformed_answer"


def test_byte_order_mark_is_overlooked() -> None:
    assert _parse(b"\xef\xbb\xbf" + _answer()).access_token.reveal() == "t"


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [("Bearer", "DPoP", "unsupported_token_type"), ("DPoP", "Bearer", None)],
)
def test_last_of_two_fields_counts(first: str, second: str, reason: str | None) -> None:
    # RFC 8259 §4 leaves it open; what matters is that it is the same for every use.
    body = f'{{"access_token":"t","token_type":"{first}","token_type":"{second}"}}'.encode()

    if reason is None:
        assert _parse(body).access_token.reveal() == "t"
    else:
        assert _refusal(body).provider_error == reason


@pytest.mark.parametrize("status", [202, 204, 301, 400, 401, 408, 418, 499])
def test_only_200_and_201_are_a_token(status: int) -> None:
    assert _refusal(_answer(), status=status).provider_error == f"http_{status}"


@pytest.mark.parametrize("status", [429, 500, 503, 599])
def test_provider_that_is_away_refuses_nothing(status: int) -> None:
    with pytest.raises(TemporarilyUnavailableError) as caught:
        _parse(_answer(error="invalid_client"), status=status)

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
    assert _refusal(_answer(error=code)).provider_error == said


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
        _parse(json.dumps(odd).encode(), status=status)

    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert marker not in shown


@given(body=st.binary(), status=st.integers(100, 599), retry_after=st.none() | st.text())
def test_whatever_is_sent_is_a_token_or_one_of_our_errors(
    body: bytes, status: int, retry_after: str | None
) -> None:
    with pytest.raises((ProviderRefusedError, TemporarilyUnavailableError)):
        _parse(body, status=status, retry_after=retry_after)


def test_answer_does_not_show_its_body() -> None:
    assert "hunter2" not in repr(ProviderResponse(200, body=b"hunter2"))
