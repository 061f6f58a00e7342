"""What token endpoints answer, as RFC 6749 has it and by any description."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st
from tests.adapters.connection_samples import consent
from tests.strategies import START

from fuzzing import hostile
from fuzzing.target import FuzzTarget, keeps_secret
from fuzzing.targets.providers import dates
from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.code_exchange import parse_account, parse_code_response
from tokenvend.domain.oauth.refresh import (
    SentRefreshToken,
    build_refresh_request,
    judge_refresh,
)
from tokenvend.domain.oauth.response_description import LifetimeUnit
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.oauth.token_response import (
    ProviderResponse,
    parse_token_response,
)
from tokenvend.domain.secret import Secret

_DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://login.acme.example/token"
)
_CLIENT = ProviderSecret("our-client", Secret(hostile.MARKER), "login.acme.example")
_REFRESH = Secret(hostile.MARKER)
_GOOD: dict[str, Any] = {
    "access_token": hostile.MARKER,
    "token_type": "Bearer",
    "expires_in": 1800,
    "scope": "jobs_read",
    "refresh_token": hostile.MARKER,
}


def _form(fields: dict[str, str]) -> bytes:
    return urlencode({"access_token": "t"} | fields, errors="surrogatepass").encode()


_fields = st.dictionaries(
    st.sampled_from([*_GOOD, "error", "cnf", "id_token", "refresh_token_expires_in"])
    | hostile.texts,
    hostile.leaves,
    max_size=6,
)
#: The provider's error code is passed on and scopes are no secrets: only tokens are planted.
_tokens = st.fixed_dictionaries({}, optional={"access_token": hostile.secrets})
#: A token is planted only where the standards name one: elsewhere a description may show a value.
#: Every form of an expiry, at its edges: lengths, instants as numbers, as texts, in any zone.
_expiries = (
    hostile.numbers
    | hostile.numbers.map(str)
    | st.integers(-10, 10).map(lambda after: int(START.timestamp()) + after)
    | st.integers(-10, 10).map(lambda after: (int(START.timestamp()) + after) * 1000)
    | st.datetimes().map(lambda each: f"{each.isoformat()}Z")
    | st.from_regex(r"2026-03-01[Tt ]1[0-9]:00:00(\.[0-9]{0,12})?([Zz]|[+-][0-9]{2}:?[0-9]{2})?")
)
_at_paths = st.tuples(_expiries, hostile.secrets).map(
    lambda both: {
        "d": {"access_token": both[1], "0": both[0], "scopes": ["jobs_read"]},
        "expires_in": both[0],
        "token_type": "Bearer",
    }
)
_bodies = (
    hostile.altered(_GOOD).map(hostile.encoded)
    | _at_paths.map(hostile.encoded)
    | st.tuples(_fields, _tokens).map(lambda both: hostile.encoded(_GOOD | both[0] | both[1]))
    | hostile.json_bytes
    | hostile.secrets.map(lambda text: text.encode(errors="surrogatepass"))
    | st.dictionaries(hostile.texts, hostile.texts, max_size=3).map(_form)
)
_paths = st.sampled_from(
    [
        "access_token",
        "d.access_token",
        "0.t",
        "d.0",
        "d.00",
        "d",
        "expires_in",
        "token_type",
        "error",
    ]
)
_units = st.sampled_from(LifetimeUnit).map(str)
_descriptions = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("token", "token_type", "lifetime", "scope", "error", "success"), _paths),
        **dict.fromkeys(("refresh_token", "refresh_token_lifetime"), _paths),
        **dict.fromkeys(("lifetime_unit", "refresh_token_lifetime_unit"), _units),
        "token_types": st.lists(hostile.texts, min_size=1, max_size=2),
        "success_values": st.lists(hostile.texts, min_size=1, max_size=2),
        "plain_text": st.booleans(),
    },
)
_described_plainly = _descriptions | st.just({"plain_text": True})
#: What an API wants of an answer beside the token; most take a bearer token.
_api_requests: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.sampled_from(
    ["{answer.d.0}", "{answer.d.scopes.0}", "{answer.expires_in}", "{cookie.ROUTE}"]
).map(lambda each: {"headers": {"X-Token": "{token}"}, "query": {"v": each}})
_responses = st.builds(
    ProviderResponse,
    status=st.sampled_from([200, 200, 200, 201, 302, 400, 401, 403, 429, 500, 503]),
    content_type=hostile.texts | st.just("application/x-www-form-urlencoded"),
    body=_bodies,
    retry_after=st.none() | dates,
    set_cookie=st.lists(hostile.secrets.map("ROUTE={}; Secure".format), max_size=2).map(
        lambda each: tuple(map(Secret, each))
    ),
)


_described_responses = st.tuples(st.just({}) | _described_plainly, _api_requests, _responses)


def _check_token(response: ProviderResponse) -> str:
    try:
        token = parse_token_response(
            response, _DEFINITION, requested_scopes=frozenset({"jobs_read"}), requested_at=START
        )
    except (ProviderRefusedError, TemporarilyUnavailableError) as error:
        keeps_secret(error, error.rule, getattr(error, "provider_error", ""))
        return str(getattr(error, "provider_error", error.rule))
    assert timedelta(0) < token.lifetime <= bounds.LIFETIME_MAXIMUM, "a lifetime out of bounds"
    assert token.access_token.reveal().isascii(), "a token that no header carries"
    keeps_secret(token)
    return "token"


def _check_described(case: tuple[dict[str, Any], ProviderResponse]) -> str:
    described, response = case
    definition = replace(_DEFINITION, token_answer=described)
    try:
        token = parse_token_response(
            response, definition, requested_scopes=frozenset({"jobs_read"}), requested_at=START
        )
    except TokenVendError as error:
        keeps_secret(error, error.rule, getattr(error, "provider_error", ""))
        return str(getattr(error, "provider_error", error.rule))
    assert timedelta(0) < token.lifetime <= bounds.LIFETIME_MAXIMUM, "a lifetime out of bounds"
    keeps_secret(token)
    return "token"


def _check_consent(case: tuple[dict[str, Any], dict[str, Any], ProviderResponse]) -> str:
    described, api_request, response = case
    parse_account(response, "id")
    try:
        given = parse_code_response(
            response,
            replace(_DEFINITION, token_answer=described, api_request=api_request),
            requested_scopes=frozenset({"jobs_read"}),
            requested_at=START,
        )
    except TokenVendError as error:
        keeps_secret(error, getattr(error, "provider_error", ""))
        return str(getattr(error, "provider_error", error.rule))
    keeps_secret(given)
    return "consented"


def _check_refresh(case: tuple[dict[str, Any], dict[str, Any], ProviderResponse]) -> str:
    described, api_request, response = case
    redeemed = SentRefreshToken(
        definition=replace(_DEFINITION, token_answer=described, api_request=api_request),
        consent=consent(),
        requested_scopes=None,
        requested_at=START,
    )
    try:
        # A request is built before an answer is judged.
        build_refresh_request(redeemed.definition, _REFRESH, _CLIENT, requested_scopes=None)
    except CredentialNotReadyError as error:
        keeps_secret(error)
        return str(error.rule)
    judged = judge_refresh(response, redeemed)
    keeps_secret(judged, judged.error)
    assert (judged.token is None) != (judged.error is None), "neither a token nor a reason"
    if judged.token is not None:
        assert judged.token.scopes <= redeemed.consent.scopes, "more than was consented to"
    return judged.verdict.name.lower()


TARGETS = (
    FuzzTarget(
        name="token-response",
        promise="a token within its bounds, or a refusal that quotes nothing",
        inputs=_responses,
        check=_check_token,
    ),
    FuzzTarget(
        name="described-response",
        promise="any description reads any answer: a token within its bounds, or a refusal",
        inputs=st.tuples(
            _described_plainly
            | hostile.altered({"token": "d.access_token", "lifetime_unit": "rfc3339"}),
            _responses,
        ),
        check=_check_described,
    ),
    FuzzTarget(
        name="code-response",
        promise="a consent with its refresh token, or a refusal that quotes nothing",
        inputs=_described_responses,
        check=_check_consent,
    ),
    FuzzTarget(
        name="refresh-response",
        promise="every answer is judged; no token has more scopes than the consent",
        inputs=_described_responses,
        check=_check_refresh,
    ),
)
