"""The token endpoint's answers, as odd as real ones are."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import ProviderRefusedError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_response import ProviderResponse, parse_token_response
from tokenvend.domain.token import AccessToken, LifetimeSource

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED = frozenset({"read", "write"})
DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://a.example/t", default_lifetime_seconds=600
)


def _parse(
    fields: object = None, *, status: int = 200, separator: str = " ", **response: Any
) -> AccessToken:
    body = response.pop("body", json.dumps(fields).encode())
    definition = CredentialDefinition(
        name="jobs",
        provider="acme",
        token_endpoint="https://a.example/t",
        default_lifetime_seconds=600,
        scope_separator=separator,
    )
    return parse_token_response(
        ProviderResponse(status=status, body=body, **response),
        definition,
        requested_scopes=ASKED,
        requested_at=NOW,
    )


def _fields(**changes: object) -> dict[str, object]:
    base = {"access_token": "token", "token_type": "Bearer", "expires_in": 1800}
    return {name: value for name, value in (base | changes).items() if value is not None}


def _jwt(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


def _lifetime(token: AccessToken) -> timedelta:
    return token.expires_at - NOW


@pytest.mark.parametrize(
    ("stated", "lived"),
    [
        pytest.param(1799, 1799 - 30, id="whole number, less the skew"),
        pytest.param("1799", 1799 - 30, id="a text"),
        pytest.param("1799.0", 1799 - 30, id="a text with a fraction"),
        pytest.param(1799.9, 1799 - 30, id="a fraction is floored"),
        pytest.param(60, 54, id="a short life loses a tenth, not half"),
        pytest.param(10**30, 30 * 86400 - 30, id="huge is capped"),
        pytest.param(1e300, 30 * 86400 - 30, id="huge fraction is capped"),
    ],
)
def test_stated_lifetime_counts_from_before_the_request(stated: object, lived: float) -> None:
    token = _parse(_fields(expires_in=stated))

    assert _lifetime(token).total_seconds() == lived
    assert token.lifetime_source is LifetimeSource.EXPIRES_IN


@pytest.mark.parametrize("stated", [0, -1, True, False, "soon", "", [], {}, 0.5, "-5", "1e3"])
def test_lifetime_that_makes_no_sense_is_refused(stated: object) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _parse(_fields(expires_in=stated))

    assert caught.value.provider_error in {"malformed_expires_in", "expired_token"}


def test_missing_lifetime_is_the_jwts_else_the_default() -> None:
    exp = int(NOW.timestamp()) + 900

    by_jwt = _parse(_fields(access_token=_jwt(exp=exp), expires_in=None))
    by_default = _parse(_fields(expires_in=None))

    assert (by_jwt.lifetime_source, _lifetime(by_jwt).total_seconds()) == ("jwt_exp", 870)
    assert (by_default.lifetime_source, _lifetime(by_default).total_seconds()) == ("default", 570)


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "BEARER", None])
def test_token_type_may_be_in_any_case_or_absent(token_type: str) -> None:
    assert _parse(_fields(token_type=token_type)).access_token.reveal() == "token"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (_fields(token_type="DPoP"), "unsupported_token_type"),
        (_fields(cnf={"jkt": "x"}), "bound_token"),
        (_fields(access_token=_jwt(cnf={"x5t#S256": "x"})), "bound_token"),
        (_fields(access_token=None), "malformed_access_token"),
        (_fields(access_token=""), "malformed_access_token"),
        (_fields(access_token="a\r\nX-Evil: 1"), "malformed_access_token"),
        (_fields(access_token=7), "malformed_access_token"),
        (_fields(scope=["read", 7]), "malformed_scope"),
        (_fields(scope='re"ad'), "malformed_scope"),
        (_fields(error="invalid_client"), "invalid_client"),
        ([], "malformed_access_token"),
        ("token", "malformed_answer"),
    ],
)
def test_answer_that_must_not_be_passed_on_is_refused(fields: object, reason: str) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _parse(fields)

    assert caught.value.provider_error == reason


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Oops</html>", b"\xff\xfe", b'{"expires_in": NaN}', b"[" * 100_000, b"null"],
    ids=["empty", "HTML", "not UTF-8", "NaN", "deep", "null"],
)
def test_body_that_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _parse(body=body)

    assert caught.value.provider_error == "malformed_answer"


def test_wrong_content_type_does_not_spoil_an_answer() -> None:
    assert _parse(_fields(), content_type="text/html").access_token.reveal() == "token"


@pytest.mark.parametrize(
    ("scope", "separator", "carried"),
    [
        (None, " ", ASKED),
        (["read", "write"], " ", ASKED),
        (["read", "write"], ",", ASKED),
        ([], " ", set()),
        ("write read", " ", ASKED),
        ("read,write", ",", ASKED),
        ("read, write", ",", ASKED),
        ("read", " ", {"read"}),
        ("read write admin", " ", {"read", "write", "admin"}),
        ("", " ", set()),
    ],
)
def test_scope_is_what_the_answer_says_or_what_was_asked(
    scope: str | None, separator: str, carried: set[str]
) -> None:
    assert _parse(_fields(scope=scope), separator=separator).scopes == carried


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, b'{"error":"invalid_client"}', "invalid_client"),
        (400, b'{"error":"OAuthPermissionsException"}', "OAuthPermissionsException"),
        (403, b"<html>", "http_403"),
        (302, b"", "http_302"),
        (400, b'{"error":"has spaces and <b>"}', "http_400"),
        (400, b'{"error":{"nested":1}}', "http_400"),
    ],
)
def test_refusal_carries_the_providers_code_and_never_its_body(
    status: int, body: bytes, code: str
) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _parse(status=status, body=body)

    assert caught.value.provider_error == code


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "7", 7),
        (429, "Sun, 01 Mar 2026 12:00:09 GMT", 9),
        (503, None, 1),
        (503, "soon", 1),
        (500, "-5", 1),
        (502, "Sun, 01 Mar 2020 12:00:00 GMT", 1),
    ],
)
def test_provider_that_is_away_says_when_to_come_back(
    status: int, header: str | None, seconds: int
) -> None:
    with pytest.raises(TemporarilyUnavailableError) as caught:
        _parse(status=status, body=b"busy", retry_after=header)

    assert caught.value.retry_after_seconds == seconds


@given(
    status=st.sampled_from([200, 400, 401, 404, 500]),
    fields=st.dictionaries(
        st.sampled_from(["error", "access_token", "token_type", "expires_in", "scope", "x"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False)),
    ),
)
def test_any_answer_is_a_token_or_a_refusal_that_quotes_nothing(
    status: int, fields: dict[str, object]
) -> None:
    marked = {name: f"s3cr3t {value}" for name, value in fields.items()}

    with pytest.raises((ProviderRefusedError, TemporarilyUnavailableError)) as caught:
        _parse(marked, status=status)

    assert "s3cr3t" not in str(caught.value) + repr(caught.value) + str(caught.value.args)


def test_capped_lifetime_is_the_bound() -> None:
    assert _lifetime(_parse(_fields(expires_in=10**12))) <= bounds.LIFETIME_MAXIMUM
