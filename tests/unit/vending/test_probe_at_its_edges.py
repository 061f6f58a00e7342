"""The circuit of a refused credential: who may probe it, and how long each wait is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import DEFINITION, READ, REQUEST, Harness

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.errors import (
    InvalidRequestError,
    InvalidScopeError,
    ProviderRefusedError,
    TokenVendError,
)
from tokenvend.domain.failure import Failure
from tokenvend.vending.acquisition import Acquisition
from tokenvend.vending.circuit_breaker import CircuitBreaker

REFUSES = json_response({"error": "invalid_client"}, status=401)
NO_SUCH_SCOPE = json_response({"error": "invalid_scope"}, status=400)
MANAGE = replace(REQUEST, scopes=frozenset({"jobs_read"}))


def refused(harness: Harness) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        harness.vend(harness.environment())
    return caught.value


def failing(harness: Harness) -> Failure:
    """One more refusal, and the wait for it over; the failure that stands."""
    harness.provider.script(REFUSES)
    refused(harness)
    failure = harness.states.state("jobs").failure
    assert failure is not None
    harness.clock.advance(failure.retry_at - harness.clock.now())
    return failure


def test_each_refusal_of_the_credential_waits_longer_for_all_of_its_tokens() -> None:
    harness = Harness()

    counts = [failing(harness).count for _ in range(4)]

    assert counts == [1, 2, 3, 4]


def test_nobody_probes_who_cannot_say_so() -> None:
    """Or thousands would, while the table that tells them of each other is away."""
    harness = Harness()
    failing(harness)
    exchanges = harness.provider.exchanges
    harness.states.is_away = True

    error = refused(harness)

    assert isinstance(error, ProviderRefusedError)
    assert error.provider_error == "invalid_client"
    assert harness.provider.exchanges == exchanges


def test_a_probe_claims_the_credential_for_the_length_of_a_lease() -> None:
    harness = Harness()
    failing(harness)
    seen = []

    def look(_: object) -> None:
        failure = harness.states.state("jobs").failure
        assert failure is not None
        seen.append(failure.retry_at - harness.clock.now())

    harness.provider.before_answer = look
    harness.vend(harness.environment())

    assert seen == [bounds.LEASE]
    assert harness.states.state("jobs").failure is None


def test_a_refused_scope_counts_for_its_own_token_alone() -> None:
    harness = Harness()
    counts = []
    for _ in range(3):
        harness.provider.script(NO_SUCH_SCOPE)
        with pytest.raises(ProviderRefusedError):
            harness.vend(harness.environment())
        (item,) = harness.tokens.everything().values()
        assert item.failure is not None
        counts.append(item.failure.count)
        harness.clock.advance(item.failure.retry_at - harness.clock.now())

    assert counts == [1, 2, 3]
    assert harness.states.state("jobs").failure is None


def test_a_refusal_at_one_customers_own_host_opens_nothing_for_the_others() -> None:
    harness = Harness()
    definition = replace(DEFINITION, tenant_values={"domain": ("@any.shops.example",)})
    spec = TokenSpec(
        credential="jobs",
        definition="1",
        scopes=READ,
        connection="acme",
        connection_owner="billing",
    )
    acquisition = Acquisition(
        spec=spec,
        key=spec.key(),
        definition=definition,
        state=harness.states.state("jobs"),
        deadline=harness.clock.monotonic() + 20,
    )
    refusal = ProviderRefusedError("no such client", provider_error="invalid_client")

    breaker = CircuitBreaker(harness.states, acquisition, harness.clock)
    failure = breaker.record_failure(refusal, None)

    assert failure is not None
    assert failure.count == 1
    assert harness.states.state("jobs").failure is None


def test_a_failure_is_of_the_state_that_the_secret_had() -> None:
    harness = Harness()
    harness.states.start_secret_generation("jobs", None, "v7")
    harness.provider.script(NO_SUCH_SCOPE)
    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment())

    (item,) = harness.tokens.everything().values()

    assert item.failure is not None
    assert item.failure.secret_generation == "v7"
    harness.states.start_secret_generation("jobs", None, "v8")
    assert harness.vend(harness.environment()).answer.token.secret_generation == "v8"


def test_a_request_that_cannot_use_the_secret_marks_no_schedule() -> None:
    harness = Harness()
    harness.secrets.secrets.clear()

    error = refused(harness)

    assert error.rule == "secret.unusable"
    assert harness.states.state("jobs").not_ready_for == frozenset()


def test_a_request_that_can_use_it_takes_no_schedules_mark_away() -> None:
    harness = Harness()
    harness.states.mark_ready("jobs", None, ScheduledReader.RENEWAL, is_ready=False)

    harness.vend(harness.environment())

    assert harness.states.state("jobs").not_ready_for == {ScheduledReader.RENEWAL}


def test_the_same_news_is_written_once() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    noted = []
    harness.states.record_observed = lambda *news: noted.append(news)  # type: ignore[method-assign]
    harness.clock.advance(timedelta(seconds=1800))

    harness.vend(harness.environment())

    assert noted == []


def test_a_min_ttl_that_nobody_can_have_names_its_parameter() -> None:
    harness = Harness()

    with pytest.raises(InvalidRequestError) as caught:
        harness.vend(harness.environment(), replace(REQUEST, min_ttl_seconds=886))

    assert caught.value.rule == "request.min_ttl_seconds"
    assert caught.value.description == (
        "min_ttl_seconds can be at most half of this token's lifetime: 885."
    )
    harness.vend(harness.environment(), replace(REQUEST, min_ttl_seconds=885))


def test_a_token_with_less_than_was_asked_for_is_told_by_what_is_missing() -> None:
    harness = Harness()
    fields = {"access_token": "t", "token_type": "Bearer", "expires_in": 60, "scope": ""}
    harness.provider.script(json_response(fields))

    with pytest.raises(InvalidScopeError) as caught:
        harness.vend(harness.environment(), MANAGE)

    assert caught.value.rule == "grant.accept_less"
    assert caught.value.description == "The provider did not give jobs_read."


def test_a_wider_token_is_refused_in_words() -> None:
    harness = Harness()
    fields = {"access_token": "t", "token_type": "Bearer", "expires_in": 60}
    harness.provider.script(json_response(fields | {"scope": "jobs_read jobs_manage"}))

    error = refused(harness)

    assert isinstance(error, ProviderRefusedError)
    assert error.provider_error == "scope_widened"
    assert error.description == (
        "The provider gave a token with more scopes than requested, so it was not used."
    )
