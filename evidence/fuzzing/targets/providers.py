"""What providers and AWS send: metadata and dates."""

from datetime import UTC
from typing import Any

from hypothesis import strategies as st
from tests.strategies import START

from fuzzing import hostile
from fuzzing.target import FuzzTarget
from tokenvend.adapters.aws_clients import learn_time_from
from tokenvend.adapters.clock import SystemClock
from tokenvend.domain import bounds
from tokenvend.domain.oauth.token_response import (
    parse_retry_after,
)
from tokenvend_cli.configuration.discovery import discover
from tokenvend_cli.problems import CommandError

_ISSUER = "https://login.acme.example/tenant"
_DATES = (
    *("Sun, 01 Mar 2026 00:00:30 GMT", "Sunday, 01-Mar-26 00:00:30 GMT"),
    *("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359"),
    "Sun, 01 Mar 99999999999999999999999 00:00:00 GMT",
)
dates = (
    st.sampled_from(_DATES)
    | hostile.texts
    | st.from_regex(r"\w{3}, \d{1,2} (Jan|Mar) \d{1,30} \d+:\d+:\d+ [+-]\d{1,9}", fullmatch=True)
)


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
        name="dates",
        promise="no Retry-After and no Date breaks an answer or a clock",
        inputs=dates,
        check=_check_date,
    ),
    FuzzTarget(
        name="metadata",
        promise="an issuer's metadata describes that issuer with plain URLs, or is refused",
        inputs=hostile.altered(_METADATA) | st.dictionaries(hostile.texts, hostile.json_values),
        check=_check_metadata,
    ),
)
