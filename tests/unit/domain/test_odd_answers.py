"""Token answers that no test of the ordinary would send: lifetimes and tokens."""

import base64
import json
from datetime import timedelta

import pytest
from tests.strategies import START
from tests.unit.domain.odd_answers import answer_of, parse_answer, refusal_of

from tokenvend.domain import bounds

LONGEST = bounds.LIFETIME_MAXIMUM - bounds.CLOCK_SKEW


def jwt_of(claims: str) -> str:
    payload = base64.urlsafe_b64encode(claims.encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


def _raw(expires_in: str) -> bytes:
    return b'{"access_token":"t","token_type":"Bearer","expires_in":%s}' % expires_in.encode()


@pytest.mark.parametrize("expires_in", ["1e400", "1e15", "9" * 400, '"999999999999999"', "2592000"])
def test_huge_lifetime_is_capped(expires_in: str) -> None:
    assert parse_answer(_raw(expires_in)).lifetime == LONGEST


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
    assert refusal_of(_raw(expires_in)).provider_error == reason


@pytest.mark.parametrize("expires_in", ["1", "1.0", '"1"', "1.9"])
def test_shortest_lifetime_is_a_second(expires_in: str) -> None:
    assert parse_answer(_raw(expires_in)).lifetime == timedelta(seconds=0.9)


@pytest.mark.parametrize(
    ("after", "lived"), [(1, 0.9), (2.5, 1.8), (600, 570), (10**9, LONGEST.total_seconds())]
)
def test_jwts_exp_counts_where_nothing_is_stated(after: float, lived: float) -> None:
    token = jwt_of(json.dumps({"exp": START.timestamp() + after}))

    assert parse_answer(answer_of(access_token=token)).lifetime.total_seconds() == lived


@pytest.mark.parametrize("exp", ["1e400", "9" * 400])
def test_endless_jwt_is_capped(exp: str) -> None:
    token = parse_answer(answer_of(access_token=jwt_of(f'{{"exp":{exp}}}')))

    assert abs(token.lifetime - LONGEST) < timedelta(seconds=2)


@pytest.mark.parametrize("exp", ["-1e400", "-" + "9" * 400, "0", str(START.timestamp() + 0.999)])
def test_jwt_that_is_over_is_refused(exp: str) -> None:
    refusal = refusal_of(answer_of(access_token=jwt_of(f'{{"exp":{exp}}}')))

    assert refusal.provider_error == "expired_token"


@pytest.mark.parametrize(
    "token",
    [
        jwt_of('{"exp":true}'),
        jwt_of('{"exp":"1"}'),
        jwt_of('{"exp":null}'),
        jwt_of('{"exp":NaN}'),
        jwt_of("[" * 10_000),
        jwt_of("not JSON"),
        jwt_of("[1]"),
        "e30.A.c2ln",
        "a.b",
        "a.b.c.d.e",
        "..",
    ],
    ids=lambda token: token[:16],
)
def test_token_that_says_nothing_lives_as_the_definition_says(token: str) -> None:
    default = timedelta(seconds=bounds.DEFAULT_LIFETIME_SECONDS)

    assert parse_answer(answer_of(access_token=token)).lifetime == default - bounds.CLOCK_SKEW


@pytest.mark.parametrize(
    "fields",
    [
        {"cnf": None},
        {"cnf": {}},
        {"access_token": jwt_of('{"cnf":null}')},
        {"access_token": jwt_of('{"cnf":{"jkt":"x"}}'), "expires_in": 60},
    ],
    ids=str,
)
def test_token_bound_to_a_key_is_refused_wherever_it_says_so(fields: dict[str, object]) -> None:
    assert refusal_of(answer_of(**fields)).provider_error == "bound_token"


@pytest.mark.parametrize("token_type", ["N_A", "mac", "Bearer ", "", 7, ["Bearer"], True])
def test_other_types_of_token_are_refused(token_type: object) -> None:
    assert refusal_of(answer_of(token_type=token_type)).provider_error == "unsupported_token_type"


@pytest.mark.parametrize(
    "token", ["a b", "a\n", "\ud800", "ä", "a" * 32_769, "a\x00", {"a": 1}, True]
)
def test_token_that_no_header_can_carry_is_refused(token: object) -> None:
    assert refusal_of(answer_of(access_token=token)).provider_error == "malformed_access_token"


def test_longest_token_is_taken() -> None:
    token = "a" * 32_768

    assert parse_answer(answer_of(access_token=token)).access_token.reveal() == token


@pytest.mark.parametrize("scope", ["\ud800", 'a"', "a\x00b", 7, True, {}, [7], [["a"]]])
def test_scope_that_is_none_is_refused(scope: object) -> None:
    assert refusal_of(answer_of(scope=scope)).provider_error == "malformed_scope"
