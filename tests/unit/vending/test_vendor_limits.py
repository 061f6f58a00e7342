"""The vend path at its limits: lifetimes, outages, time left, requests."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import (
    BILLING,
    REQUEST,
    Harness,
)

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    InvalidRequestError,
    TemporarilyUnavailableError,
    TooManyRequestsError,
)
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import Caller
from tokenvend.ports import StoreAwayError


def test_min_ttl_forces_an_exchange_for_a_token_that_is_too_near_its_end() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1000))

    kept = harness.vend(harness.environment(), replace(REQUEST, min_ttl_seconds=700)).answer
    forced = harness.vend(harness.environment(), replace(REQUEST, min_ttl_seconds=880)).answer

    assert (kept.source, forced.source) == (Source.STORE, Source.PROVIDER)


def test_min_ttl_beyond_half_the_lifetime_is_refused() -> None:
    harness = Harness()
    harness.vend(harness.environment())

    with pytest.raises(InvalidRequestError, match="at most half"):
        harness.vend(harness.environment(), replace(REQUEST, min_ttl_seconds=886))


def test_memory_answers_through_a_store_outage_for_its_grace_and_no_longer() -> None:
    harness = Harness()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = StoreAwayError("away")
    harness.tokens.is_away = True

    harness.clock.advance(timedelta(seconds=899))
    within = harness.vend(environment)
    harness.clock.advance(timedelta(seconds=1))

    assert within.answer.source is Source.MEMORY
    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)


def test_token_is_answered_even_if_it_could_not_be_stored() -> None:
    harness = Harness()

    answer = json_response({"access_token": "kept", "token_type": "Bearer", "expires_in": 60})

    def answer_while_the_store_goes_away(_: ProviderRequest) -> ProviderResponse:
        harness.tokens.is_away = True
        return answer

    harness.provider.script(answer_while_the_store_goes_away)

    vended = harness.vend(harness.environment())

    assert vended.answer.token.access_token.reveal() == "kept"


def test_throttled_lease_is_lost_and_not_an_outage() -> None:
    harness = Harness()
    harness.tokens.acquire_lease = lambda *_, **__: None  # type: ignore[method-assign]

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "lease.wait"
    assert harness.provider.exchanges == 0


def test_no_exchange_starts_that_could_not_end_in_this_invocation() -> None:
    harness = Harness()
    environment = harness.environment()
    short = bounds.EXCHANGE_NEEDS - timedelta(seconds=1)

    with pytest.raises(TemporarilyUnavailableError):
        environment.vend(BILLING, REQUEST, time_left=short)

    assert harness.provider.exchanges == 0
    assert harness.clock.slept == [], "it does not wait for what cannot be"


def test_an_overdue_token_is_answered_where_there_is_no_time_to_replace_it() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.92))
    short = bounds.EXCHANGE_NEEDS - timedelta(milliseconds=1)

    kept = harness.environment().vend(BILLING, REQUEST, time_left=short)
    replaced = harness.environment().vend(BILLING, REQUEST, time_left=bounds.EXCHANGE_NEEDS)

    assert (kept.answer.source, replaced.answer.source) == (Source.STORE, Source.PROVIDER)


def test_caller_over_its_limit_is_told_when_to_come_back() -> None:
    harness = Harness()
    harness.reader.callers[BILLING.identity] = Caller(name="billing", requests_per_minute=2)
    environment = harness.environment()
    harness.vend(environment)
    harness.vend(environment)

    with pytest.raises(TooManyRequestsError) as caught:
        harness.vend(environment)
    harness.clock.advance(timedelta(seconds=caught.value.retry_after_seconds))

    assert harness.vend(environment).answer.source is Source.STORE
