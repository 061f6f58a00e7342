"""Answers by their description: what the file says, and the token that comes of it."""

from typing import Any

import pytest
from tests.configuration.described import definition_of, token_endpoint, vend
from tests.configuration.samples import FIXED
from tests.fakes.clock import START, FakeClock

from tokenvend.domain.errors import ProviderRefusedError
from tokenvend_cli.configuration.load import parse_configuration
from tokenvend_cli.problems import ConfigurationError

_EPOCH = int(START.timestamp())


def _vended(answer: object, described: dict[str, Any] | None = None, **how: Any) -> Any:
    with token_endpoint(answer, **how) as endpoint:
        provider: dict[str, Any] = {"token_endpoint": endpoint.url}
        if described is not None:
            provider["token_answer"] = described
        return vend(provider, clock=FakeClock(), default_lifetime_seconds=600)


@pytest.mark.parametrize(
    ("answer", "described", "lifetime"),
    [
        pytest.param(
            {"result": {"jwt": "T", "ttl": 900}},
            {"token": "result.jwt", "lifetime": "result.ttl"},
            900,
            id="in an envelope",
        ),
        pytest.param(
            {"tokens": [{"value": "T"}]}, {"token": "tokens.0.value"}, 600, id="in a list"
        ),
        pytest.param([{"value": "T"}], {"token": "0.value"}, 600, id="in a list of its own"),
        pytest.param(
            {"accessToken": "T", "tokenType": "BEARER", "validFor": 15},
            {
                "token": "accessToken",
                "token_type": "tokenType",
                "lifetime": "validFor",
                "lifetime_unit": "minutes",
            },
            900,
            id="camel case and minutes",
        ),
        pytest.param(
            {"access_token": "T", "expires_in": "7200000"},
            {"lifetime_unit": "milliseconds"},
            7200,
            id="milliseconds",
        ),
        pytest.param(
            {"access_token": "T", "until": "2026-03-01T12:20:00.500+00:00"},
            {"lifetime": "until", "lifetime_unit": "rfc3339"},
            1200,
            id="an instant",
        ),
        pytest.param(
            {"access_token": "T", "until": "2026-03-01T14:20:00+0200"},
            {"lifetime": "until", "lifetime_unit": "rfc3339"},
            1200,
            id="an instant elsewhere",
        ),
        pytest.param(
            {"access_token": "T", "until": _EPOCH + 1200},
            {"lifetime": "until", "lifetime_unit": "epoch_seconds"},
            1200,
            id="an instant in seconds",
        ),
        pytest.param(
            {"access_token": "T", "until": str((_EPOCH + 1200) * 1000)},
            {"lifetime": "until", "lifetime_unit": "epoch_milliseconds"},
            1200,
            id="an instant in milliseconds",
        ),
        pytest.param(
            {"access_token": "T", "token_type": "Shop Token"},
            {"token_types": ["shop token"]},
            600,
            id="a type in words",
        ),
        pytest.param(
            {"state": "Done", "access_token": "T"},
            {"success": "state", "success_values": ["done"]},
            600,
            id="success in a word",
        ),
        pytest.param({"code": 0, "access_token": "T"}, {"error": "code"}, 600, id="error 0"),
        pytest.param({"access_token": "T", "error": None}, None, 600, id="null for an error"),
        pytest.param({"access_token": "T", "expires_in": None}, None, 600, id="null for a life"),
    ],
)
def test_described_answer_gives_its_token(
    answer: object, described: dict[str, Any] | None, lifetime: float
) -> None:
    token = _vended(answer, described)

    assert token.access_token.reveal() == "T"
    assert token.stated_lifetime.total_seconds() == lifetime


def test_created_token_and_form_are_read_without_a_description() -> None:
    form = b"access_token=T%2B1&token_type=bearer&expires_in=1800&scope=read+write"

    token = _vended(
        form, status=201, content_type="application/x-www-form-urlencoded; charset=utf-8"
    )

    assert (token.access_token.reveal(), token.scopes) == ("T+1", {"read", "write"})
    assert token.stated_lifetime.total_seconds() == 1800


@pytest.mark.parametrize(
    ("answer", "described", "error"),
    [
        pytest.param({"errno": 40099}, {"error": "errno"}, "40099", id="a code of its own"),
        pytest.param({"errno": 7, "access_token": "T"}, {"error": "errno"}, "7", id="and a token"),
        pytest.param(
            {"fault": {"name": "wrong_app"}}, {"error": "fault.name"}, "wrong_app", id="deep"
        ),
        pytest.param(
            {"error": "invalid_client"}, {"error": "fault"}, "invalid_client", id="the RFC's too"
        ),
        pytest.param(
            {"ok": False, "access_token": "T"}, {"success": "ok"}, "unsuccessful_answer", id="false"
        ),
        pytest.param({"access_token": "T"}, {"success": "ok"}, "unsuccessful_answer", id="silent"),
        pytest.param({"a": 1}, None, "malformed_access_token", id="no token"),
        pytest.param({"access_token": "T", "token_type": "pop"}, None, "unsupported_token_type"),
        pytest.param(
            {"access_token": "T", "token_type": "pop"},
            {"token_types": ["app"]},
            "unsupported_token_type",
            id="another type than those that are listed",
        ),
        pytest.param(
            {"d": {"t": "T", "cnf": {"jkt": "x"}}}, {"token": "d.t"}, "bound_token", id="bound"
        ),
        pytest.param(
            {"access_token": "T", "until": "2026-03-01T12:20:00"},
            {"lifetime": "until", "lifetime_unit": "rfc3339"},
            "malformed_expires_in",
            id="an instant of nowhere",
        ),
        pytest.param(
            {"access_token": "T", "until": "2026-02-30T12:20:00Z"},
            {"lifetime": "until", "lifetime_unit": "rfc3339"},
            "malformed_expires_in",
            id="no day of the calendar",
        ),
        pytest.param(
            {"access_token": "T", "until": _EPOCH},
            {"lifetime": "until", "lifetime_unit": "epoch_seconds"},
            "expired_token",
            id="an instant that is past",
        ),
        pytest.param(b"access_token=T&access_token=U", None, "malformed_answer", id="no JSON"),
    ],
)
def test_described_answer_that_says_no_is_refused(
    answer: object, described: dict[str, Any] | None, error: str
) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _vended(answer, described)

    assert caught.value.provider_error == error


@pytest.mark.parametrize(
    "form",
    [b"access_token=T&access_token=U", b"access_token", b"\xff=1", b"access_token=%FF"],
    ids=["a name twice", "no value", "not ASCII", "not UTF-8"],
)
def test_form_that_is_none_is_refused(form: bytes) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _vended(form, content_type="application/x-www-form-urlencoded")

    assert caught.value.provider_error in {"malformed_answer", "malformed_access_token"}


def test_missing_token_is_what_the_refusal_names() -> None:
    with pytest.raises(ProviderRefusedError, match="it has no access_token"):
        _vended({"token_type": "pop"})


_TEXT = """\
version: 1
providers:
  acme:
    token_endpoint: https://login.acme.example/token
    token_answer:
      {line}
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("token: $.data.token", "a path of names and indexes, separated by dots"),
        ("token: data[0]", "a path of names and indexes, separated by dots"),
        ("token: a..b", "a path of names and indexes, separated by dots"),
        ("lifetime_unit: hours", "must be `seconds`, `minutes`"),
        ("success_values: [OK]", "success_values needs success: where do they stand?"),
        ("error: access_token", "error leads to a token, and its value is shown and logged"),
        ("{token: data.key, scope: data}", "scope leads to a token"),
        ("token_types: []", "must name at least one"),
        ("tokn: data.token", "did you mean token?"),
    ],
)
def test_mistake_is_told_with_its_line(line: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(_TEXT.format(line=line), name="tokenvend.yaml")

    [problem] = caught.value.problems
    assert told in problem.what
    assert problem.line in {5, 6}


def test_description_is_part_of_the_fingerprint() -> None:
    plain = definition_of(FIXED, {})
    described = definition_of(FIXED | {"token_answer": {"lifetime_unit": "minutes"}}, {})

    assert plain.fingerprint != described.fingerprint
