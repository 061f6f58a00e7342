"""Small values: secrets, tokens' lives, leases, failures, requests to a provider."""

import copy
import json
import pickle
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import ClientAuthentication, CredentialDefinition
from tokenvend.domain.errors import (
    InvalidRequestError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.failure import Failure, failure_after
from tokenvend.domain.freshness import Freshness, freshness_of
from tokenvend.domain.oauth.token_request import ProviderSecret, build_token_request, host_of
from tokenvend.domain.request import parse_vend_request
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = "80" * 32


def _token(lifetime: timedelta = timedelta(seconds=1000)) -> AccessToken:
    return AccessToken(
        access_token=Secret("token"),
        scopes=frozenset(),
        requested_at=NOW,
        expires_at=NOW + lifetime,
    )


def test_secret_shows_itself_nowhere() -> None:
    secret = Secret("hunter2")
    token = _token()

    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>9}", repr({"a": secret})]

    assert not [text for text in [*shown, repr(token)] if "hunter2" in text or "'token'" in text]
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        json.dumps({"secret": secret})


@pytest.mark.parametrize(
    ("age", "freshness"),
    [
        (0, Freshness.FRESH),
        (764.9, Freshness.FRESH),
        (765.1, Freshness.STALE),
        (884.9, Freshness.STALE),
        (885.1, Freshness.OVERDUE),
        (969.999, Freshness.OVERDUE),
        (970, Freshness.EXPIRED),
        (10_000, Freshness.EXPIRED),
    ],
)
def test_freshness_changes_at_its_shares_of_the_lifetime(age: float, freshness: Freshness) -> None:
    token = _token(timedelta(seconds=1000) - bounds.CLOCK_SKEW)

    assert freshness_of(KEY, token, NOW + timedelta(seconds=age)) is freshness


@given(
    lifetime=st.integers(min_value=1, max_value=30 * 86400),
    shares=st.lists(st.floats(min_value=0, max_value=1.2), min_size=2, max_size=5),
    key=st.binary(min_size=32, max_size=32).map(bytes.hex),
)
def test_token_only_ages(lifetime: int, shares: list[float], key: str) -> None:
    token = _token(timedelta(seconds=lifetime))
    order = list(Freshness)

    found = [
        freshness_of(key, token, NOW + timedelta(seconds=lifetime) * share)
        for share in sorted(shares)
    ]

    assert found == sorted(found, key=order.index)
    assert all(
        (each is Freshness.EXPIRED)
        == (NOW + timedelta(seconds=lifetime) * share >= token.expires_at)
        for each, share in zip(found, sorted(shares), strict=True)
    )


def test_back_off_doubles_to_its_cap() -> None:
    refused = ProviderRefusedError("no", provider_error="invalid_client")
    failure: Failure | None = None
    waits = []
    for _ in range(25):
        failure = failure_after(failure, refused, now=NOW, jitter=0.0)
        waits.append(failure.retry_at - NOW)

    assert waits[:4] == [timedelta(seconds=each) for each in (1, 2, 4, 8)]
    assert waits[-1] == bounds.BACKOFF_MAXIMUM
    assert waits == sorted(waits)


def test_providers_own_retry_after_is_kept_to_within_the_cap() -> None:
    away = TemporarilyUnavailableError("away", rule="provider.away", retry_after_seconds=60)
    forever = TemporarilyUnavailableError("away", rule="x", retry_after_seconds=10**6)

    assert failure_after(None, away, now=NOW, jitter=0).retry_at == NOW + timedelta(seconds=60)
    assert failure_after(None, forever, now=NOW, jitter=0).retry_at == NOW + bounds.BACKOFF_MAXIMUM


def _request(method: ClientAuthentication, client_id: str, secret: str) -> object:
    definition = CredentialDefinition(
        name="a",
        provider="p",
        token_endpoint="https://a.example/t",
        client_authentication=method,
        extra_parameters={"grant_type": "password", "x": "y"},
    )
    spec = TokenSpec(credential="a", definition="d", scopes=frozenset())
    return build_token_request(
        definition, spec, ProviderSecret(client_id, Secret(secret), "a.example")
    )


def test_basic_credentials_are_form_encoded_before_they_are_joined() -> None:
    request = _request(ClientAuthentication.BASIC, "my:client", "p+ä %")

    header = request.headers["Authorization"]  # type: ignore[attr-defined]

    assert b64decode(header.removeprefix("Basic ")) == b"my%3Aclient:p%2B%C3%A4+%25"
    assert "client_secret" not in request.form  # type: ignore[attr-defined]


def test_posted_request_is_never_shown_and_extras_cannot_change_the_grant_type() -> None:
    request = _request(ClientAuthentication.POST, "client", "hunter2")

    assert request.form["client_secret"] == "hunter2"  # type: ignore[attr-defined]
    assert request.form["grant_type"] == "client_credentials"  # type: ignore[attr-defined]
    assert "hunter2" not in repr(request)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://A.example/t", "a.example"),
        ("https://a.example:8443/t", "a.example:8443"),
        ("https://good.example@evil.example/t", "evil.example"),
        ("https://[::1]:9/t", "[::1]:9"),
    ],
)
def test_host_is_where_the_request_would_really_go(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"scope": ""}, "request.scope"),
        ({"scope": "a\\b"}, "request.scope"),
        ({"scope": " ".join(f"s{n}" for n in range(201))}, "request.scope"),
        ({"scope": ["a"]}, "request.scope"),
        ({"tenant": "../x"}, "request.tenant"),
        ({"tenant": ""}, "request.tenant"),
        ({"connection": "#"}, "request.connection"),
        ({"min_ttl_seconds": "-1"}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": True}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": 1.5}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": "1" * 10}, "request.min_ttl_seconds"),
        ({"grant_type": "password"}, "request.grant_type"),
    ],
)
def test_malformed_parameter_is_named(parameters: dict[str, object], rule: str) -> None:
    with pytest.raises(TokenVendError) as caught:
        parse_vend_request("jobs", parameters)

    assert caught.value.rule == rule


@pytest.mark.parametrize(
    "name", [None, 7, "", "*", "!secret", "Jobs", "a/b", "a#b", "a" * 64, "a\n"]
)
def test_name_that_could_be_a_key_of_ours_is_refused(name: object) -> None:
    with pytest.raises(InvalidRequestError):
        parse_vend_request(name, {})
