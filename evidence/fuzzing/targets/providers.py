"""What providers and AWS send: token responses, accounts, metadata, dates."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st
from tests.adapters.connection_samples import consent
from tests.strategies import START

from fuzzing import hostile
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.adapters.aws_clients import learn_time_from
from tokenvend.adapters.clock import SystemClock
from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.code_exchange import parse_account, parse_code_response
from tokenvend.domain.oauth.refresh import SentRefreshToken, judge_refresh
from tokenvend.domain.oauth.response_description import LifetimeUnit
from tokenvend.domain.oauth.token_response import (
    ProviderResponse,
    parse_retry_after,
    parse_token_response,
)
from tokenvend_cli.configuration.discovery import discover
from tokenvend_cli.problems import CommandError

_DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://login.acme.example/token"
)
_ISSUER = "https://login.acme.example/tenant"
_GOOD: dict[str, Any] = {
    "access_token": hostile.MARKER,
    "token_type": "Bearer",
    "expires_in": 1800,
    "scope": "jobs_read",
    "refresh_token": hostile.MARKER,
}
_DATES = (
    *("Sun, 01 Mar 2026 00:00:30 GMT", "Sunday, 01-Mar-26 00:00:30 GMT"),
    *("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359"),
    "Sun, 01 Mar 99999999999999999999999 00:00:00 GMT",
)


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
_bodies = (
    hostile.altered(_GOOD).map(hostile.encoded)
    | st.tuples(_fields, _tokens).map(lambda both: hostile.encoded(_GOOD | both[0] | both[1]))
    | hostile.json_bytes
    | st.dictionaries(hostile.texts, hostile.texts, max_size=3).map(_form)
)
_dates = (
    st.sampled_from(_DATES)
    | hostile.texts
    | st.from_regex(r"\w{3}, \d{1,2} (Jan|Mar) \d{1,30} \d+:\d+:\d+ [+-]\d{1,9}", fullmatch=True)
)
_paths = st.sampled_from(["access_token", "d.t", "0.t", "d.0", "expires_in", "token_type", "error"])
_units = st.sampled_from(LifetimeUnit).map(str)
_descriptions = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("token", "token_type", "lifetime", "scope", "error", "success"), _paths),
        **dict.fromkeys(("refresh_token", "refresh_token_lifetime"), _paths),
        **dict.fromkeys(("lifetime_unit", "refresh_token_lifetime_unit"), _units),
        "token_types": st.lists(hostile.texts, min_size=1, max_size=2),
        "success_values": st.lists(hostile.texts, min_size=1, max_size=2),
    },
)
_responses = st.builds(
    ProviderResponse,
    status=st.sampled_from([200, 200, 200, 201, 302, 400, 401, 403, 429, 500, 503]),
    content_type=hostile.texts | st.just("application/x-www-form-urlencoded"),
    body=_bodies,
    retry_after=st.none() | _dates,
)


_described_responses = st.tuples(st.just({}) | _descriptions, _responses)


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


def _check_consent(case: tuple[dict[str, Any], ProviderResponse]) -> str:
    described, response = case
    parse_account(response, "id")
    try:
        given = parse_code_response(
            response,
            replace(_DEFINITION, token_answer=described),
            requested_scopes=frozenset({"jobs_read"}),
            requested_at=START,
        )
    except (ProviderRefusedError, TemporarilyUnavailableError) as error:
        keeps_secret(error, getattr(error, "provider_error", ""))
        return str(getattr(error, "provider_error", error.rule))
    keeps_secret(given)
    return "consented"


def _check_refresh(case: tuple[dict[str, Any], ProviderResponse]) -> str:
    described, response = case
    redeemed = SentRefreshToken(
        definition=replace(_DEFINITION, token_answer=described),
        consent=consent(),
        requested_scopes=None,
        requested_at=START,
    )
    judged = judge_refresh(response, redeemed)
    keeps_secret(judged, judged.error)
    assert (judged.token is None) != (judged.error is None), "neither a token nor a reason"
    if judged.token is not None:
        assert judged.token.scopes <= redeemed.consent.scopes, "more than was consented to"
    return judged.verdict.name.lower()


def _check_date(text: str) -> str:
    """A `Retry-After` of a provider, and a `Date` of AWS."""
    assert 1 <= parse_retry_after(text, now=START) <= bounds.BACKOFF_MAXIMUM.total_seconds()
    clock, aws = SystemClock(lambda: START), _Client()
    learn_time_from(aws, clock.learn)
    aws.answer({"ResponseMetadata": {"HTTPHeaders": {"date": text}}})
    now = clock.now()
    assert now.tzinfo is UTC, "a time without a zone"
    return "as it was" if now == START else "corrected"


class _Client:
    """The part of a botocore client that its events go through."""

    def __init__(self) -> None:
        self.meta = self.events = self

    def register(self, _: str, after_call: Any) -> None:
        self._after_call = after_call

    def answer(self, parsed: dict[str, Any]) -> None:
        self._after_call(parsed=parsed)


_METADATA = {
    "issuer": _ISSUER,
    "token_endpoint": f"{_ISSUER}/token",
    "authorization_endpoint": f"{_ISSUER}/authorize",
    "token_endpoint_auth_methods_supported": ["client_secret_post"],
    "jwks_uri": f"{_ISSUER}/jwks",
}


def _check_metadata(document: dict[str, Any]) -> str:
    try:
        provider = discover(_ISSUER, lambda _: document)
    except CommandError as error:
        return str(error)[:40]
    assert provider.issuer == _ISSUER == document["issuer"], "another issuer spoke"
    assert provider.token_endpoint.startswith(("https://", "http://")), "no URL"
    return "a provider"


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
            _descriptions | hostile.altered({"token": "d.t", "lifetime_unit": "rfc3339"}),
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
    FuzzTarget(
        name="dates",
        promise="no Retry-After and no Date breaks an answer or a clock",
        inputs=_dates,
        check=_check_date,
    ),
    FuzzTarget(
        name="metadata",
        promise="an issuer's metadata describes that issuer with plain URLs, or is refused",
        inputs=hostile.altered(_METADATA) | st.dictionaries(hostile.texts, hostile.json_values),
        check=_check_metadata,
    ),
)
