"""What a failed exchange leaves for the others."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import START

from tokenvend.domain import bounds
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.failure import Failure, failure_after

REFUSED = ProviderRefusedError("no", provider_error="invalid_client")


def _away(seconds: int = 1) -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError("away", rule="provider.away", retry_after_seconds=seconds)


def _failure(*, count: int = 1, seconds: float = 5, code: str | None = None) -> Failure:
    retry_at = START + timedelta(seconds=seconds)
    return Failure(provider_error=code, count=count, retry_at=retry_at)


@given(
    count=st.integers(0, 10**6),
    jitter=st.floats(0, 1, exclude_max=True),
    requested_scopes=st.integers(-5, 10**9),
    refused=st.booleans(),
)
def test_wait_stays_within_its_bounds(
    *, count: int, jitter: float, requested_scopes: int, refused: bool
) -> None:
    error: TokenVendError = REFUSED if refused else _away(requested_scopes)

    failure = failure_after(_failure(count=count), error, now=START, jitter=jitter)

    wait = failure.retry_at - START
    assert bounds.BACKOFF_FIRST * 0.75 <= wait <= bounds.BACKOFF_MAXIMUM
    assert failure.count == count + 1


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 4.0), (0.5, 3.5), (1.0, 3.0)])
def test_jitter_shortens_the_wait_by_up_to_a_quarter(jitter: float, seconds: float) -> None:
    failure = failure_after(_failure(count=2), REFUSED, now=START, jitter=jitter)

    assert failure.retry_at == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("requested_scopes", "waited"), [(3, 4), (4, 4), (5, 5), (900, 900), (901, 900)]
)
def test_longer_of_our_wait_and_the_providers_counts_up_to_the_cap(
    requested_scopes: int, waited: int
) -> None:
    failure = failure_after(_failure(count=2), _away(requested_scopes), now=START, jitter=0)

    assert failure.retry_at == START + timedelta(seconds=waited)


def test_first_failure_is_number_one_and_says_who_failed() -> None:
    refused = failure_after(None, REFUSED, now=START, jitter=0)
    away = failure_after(None, _away(), now=START, jitter=0)

    assert (refused.count, refused.provider_error) == (1, "invalid_client")
    assert (away.count, away.provider_error) == (1, None)


@pytest.mark.parametrize(
    ("age", "seconds"), [(0, 5), (0.001, 5), (1, 4), (4, 1), (4.5, 1), (5, 1), (60, 1)]
)
def test_seconds_to_the_next_try_are_rounded_up_and_never_none(age: float, seconds: int) -> None:
    assert _failure().retry_after_seconds(START + timedelta(seconds=age)) == seconds


def test_others_see_the_refusal_itself_and_of_an_outage_when_to_come_back() -> None:
    refused = _failure(code="invalid_client").to_error(START)
    away = _failure().to_error(START)

    assert isinstance(refused, ProviderRefusedError)
    assert refused.provider_error == "invalid_client"
    assert isinstance(away, TemporarilyUnavailableError)
    assert (away.retry_after_seconds, away.rule) == (5, "provider.backoff")
