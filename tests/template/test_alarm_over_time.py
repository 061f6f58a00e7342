"""Alarms as CloudWatch evaluates them over hours: in ALARM for as long as the cause lasts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain import bounds
from tokenvend.domain.credential_state import outage_after
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.failure import failure_after

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REFUSED = ProviderRefusedError("refused", provider_error="invalid_client")
AWAY = TemporarilyUnavailableError("away", rule="provider.away")


def failures(error: TokenVendError, jitter: float, lasting: timedelta) -> Iterator[datetime]:
    """When a credential in use fails: at each run of the schedule after its back-off."""
    now, failure = START, None
    while now < START + lasting:
        yield now
        failure = failure_after(failure, error, now=now, jitter=jitter)
        # The schedule looks once a minute, and a run takes its time.
        now = failure.retry_at + bounds.RENEWAL_RUNS_APART


def states(alarm: dict[str, Any], at: list[datetime], until: datetime) -> dict[datetime, bool]:
    """Whether the alarm on a count is in ALARM at the end of each of its periods."""
    period, needed = timedelta(seconds=alarm["Period"]), alarm["DatapointsToAlarm"]
    assert alarm["TreatMissingData"] == "notBreaching"
    ends = [START + period * count for count in range(1, int((until - START) / period) + 1)]
    breaching = {end: any(end - period <= each < end for each in at) for end in ends}
    return {
        end: sum(
            breaching[each] for each in ends[max(0, i - alarm["EvaluationPeriods"] + 1) : i + 1]
        )
        >= needed
        for i, end in enumerate(ends)
    }


@pytest.mark.parametrize("error", [REFUSED, AWAY], ids=["refused", "away"])
@given(jitter=st.floats(0, 0.999))
def test_alarm_is_on_from_its_first_half_hour_until_the_provider_works_again(
    resources: dict[str, Any], error: TokenVendError, jitter: float
) -> None:
    alarm = resources["CredentialFailureAlarm"]["Properties"]
    lasting = timedelta(hours=12)
    failed = list(failures(error, jitter, lasting))

    seen = states(alarm, failed, START + lasting + timedelta(hours=2))

    meanwhile = {at: on for at, on in seen.items() if at <= START + lasting}
    assert all(on for at, on in meanwhile.items() if at >= START + timedelta(minutes=30))
    assert not seen[START + lasting + timedelta(hours=1, minutes=5)]


def test_a_hiccup_of_a_few_minutes_wakes_nobody(resources: dict[str, Any]) -> None:
    alarm = resources["CredentialFailureAlarm"]["Properties"]
    failed = list(failures(AWAY, 0.5, timedelta(minutes=4)))

    assert not any(states(alarm, failed, START + timedelta(hours=2)).values())


@pytest.mark.parametrize("minutes", [5, 15, 20, 25, 30, 60, 180])
def test_alarm_on_an_absent_provider_lasts_however_seldom_a_token_is_asked_for(
    resources: dict[str, Any], minutes: int
) -> None:
    """From the sweep after the second failure to the one after the first success."""
    alarm = resources["CredentialAwayAlarm"]["Properties"]
    period = timedelta(seconds=alarm["Period"])
    every, lasting = timedelta(minutes=minutes), timedelta(hours=12)
    outage, seen, cured = None, {}, START + lasting
    tries = [START + every * count for count in range(int(lasting / every) + 2)]
    sweeps = [START + period * count for count in range(int((lasting + 2 * every) / period))]
    for at, is_try in sorted([(each, True) for each in tries] + [(each, False) for each in sweeps]):
        if is_try:
            outage = outage_after(outage, at) if at < cured else None
        else:
            gauge = int(outage is not None and outage.is_lasting(at))
            seen[at] = gauge >= alarm["Threshold"]

    from_second = START + max(every, bounds.PROVIDER_AWAY_AFTER) + period
    succeeds = next(each for each in tries if each >= cured)
    assert all(on for at, on in seen.items() if from_second <= at < cured)
    assert not any(on for at, on in seen.items() if at >= succeeds + period)


@pytest.mark.parametrize("name", ["CredentialRefusedAlarm", "CredentialAwayAlarm"])
def test_failing_credentials_are_counted_as_often_as_their_alarm_looks(
    resources: dict[str, Any], name: str
) -> None:
    alarm = resources[name]["Properties"]
    schedule = resources["SweepSchedule"]["Properties"]["ScheduleExpression"]

    assert schedule == "rate(15 minutes)"
    assert alarm["Period"] == 15 * 60
    assert (alarm["EvaluationPeriods"], alarm["Threshold"]) == (1, 1)
    # A sweep that is a little late leaves a period empty: the state then stays as it was.
    assert alarm["TreatMissingData"] == "ignore"
