"""What all environments know of a credential at its provider."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain import bounds
from tokenvend.domain.credential_state import (
    ObservedExchange,
    ProviderOutage,
    is_provider_away,
    outage_after,
)
from tokenvend.domain.errors import ProviderRefusedError, TemporarilyUnavailableError
from tokenvend.domain.token import LifetimeSource, SecretStage

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("failures", "minutes", "is_lasting"),
    [(1, 15, False), (1, 600, False), (2, 14.99, False), (2, 15, True), (9, 15, True)],
)
def test_an_outage_lasts_from_its_second_failure_and_its_fifteenth_minute(
    failures: int, minutes: float, *, is_lasting: bool
) -> None:
    outage = None
    for number in range(failures):
        outage = outage_after(outage, START + number * timedelta(seconds=1))

    assert outage is not None
    assert outage.is_lasting(START + minutes * MINUTE) == is_lasting


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=50))
def test_an_outage_keeps_its_beginning_and_stops_changing(waits: list[int]) -> None:
    """So it is written a few times, however many tokens fail and however long it lasts."""
    now, outage, seen = START, None, []
    for wait in waits:
        now += timedelta(seconds=wait)
        outage = outage_after(outage, now)
        seen.append(outage)

    assert {each.since for each in seen} == {START + timedelta(seconds=waits[0])}
    assert len(set(seen)) <= bounds.PROVIDER_AWAY_FAILURES


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (TemporarilyUnavailableError("x", rule="provider.away"), True),
        (TemporarilyUnavailableError("x", rule="provider.rate"), False),
        (TemporarilyUnavailableError("x", rule="secret.away"), False),
        (ProviderRefusedError("x", provider_error="invalid_scope"), False),
    ],
)
def test_only_a_provider_that_does_not_answer_is_away(error: Exception, *, is_away: bool) -> None:
    assert is_provider_away(error) == is_away


def test_an_outage_is_a_value() -> None:
    assert ProviderOutage(since=START) == ProviderOutage(since=START, failures=1)


@pytest.mark.parametrize(("seconds", "is_like"), [(60, True), (61, False), (-60, True)])
def test_lifetimes_that_differ_by_a_minute_are_alike(seconds: int, *, is_like: bool) -> None:
    """Or each exchange would write what every one shows."""
    one = ObservedExchange(
        lifetime_seconds=1800,
        lifetime_source=LifetimeSource.EXPIRES_IN,
        secret_stage=SecretStage.CURRENT,
    )

    assert one.is_like(replace(one, lifetime_seconds=1800 + seconds)) == is_like
    assert not one.is_like(replace(one, secret_stage=SecretStage.PENDING))
    assert not one.is_like(None)
