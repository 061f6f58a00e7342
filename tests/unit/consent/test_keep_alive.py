"""Idle connections are refreshed well before they die."""

from dataclasses import replace
from datetime import timedelta

from tests.fakes.rotating_provider import Fault
from tests.unit.consent.keeping_alive import DAY, UNKNOWN_LIFE, keep_alive, waiting
from tests.unit.consent.refreshing import CONSENT, KEY, Refreshing

from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_health import Health
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.refresh_tokens.connection_events import ConnectionEventType
from tokenvend.schedules.keep_alive import KeepAliveOutcome, KeepAliveResult


def run(harness: Refreshing, *, seconds: float = 55) -> list[KeepAliveResult]:
    """One run of the schedule."""
    return list(keep_alive(harness).run(deadline=harness.clock.monotonic() + seconds))


def outcomes(harness: Refreshing) -> list[KeepAliveOutcome]:
    return [result.outcome for result in run(harness)]


def test_an_idle_connection_is_refreshed_at_half_of_its_life_and_not_before() -> None:
    harness = Refreshing()
    harness.clock.advance(14 * DAY - timedelta(seconds=1))
    assert outcomes(harness) == []

    harness.clock.advance(timedelta(seconds=1))

    assert outcomes(harness) == [KeepAliveOutcome.REFRESHED]
    assert harness.refresh_token == "refresh-2"
    assert outcomes(harness) == []


def test_an_idle_connection_lives_on_for_years() -> None:
    harness = Refreshing()
    for _ in range(3 * 365):
        harness.clock.advance(DAY)
        run(harness)

    consent = harness.connection.consent
    assert consent is not None
    assert consent.refresh_expires_at is not None
    assert consent.refresh_expires_at > harness.clock.now() + 13 * DAY
    assert harness.rotating.refreshes == 3 * 365 // 14


def test_a_connection_in_use_is_left_to_its_use() -> None:
    harness = Refreshing()
    for _ in range(20):
        harness.clock.advance(DAY)
        harness.refresh()

    assert outcomes(harness) == []


def test_a_life_that_nobody_knows_is_taken_for_two_weeks() -> None:
    harness = Refreshing(definition=UNKNOWN_LIFE, consent=replace(CONSENT, refresh_expires_at=None))
    harness.clock.advance(7 * DAY - timedelta(seconds=1))
    assert outcomes(harness) == []

    harness.clock.advance(timedelta(seconds=1))

    assert outcomes(harness) == [KeepAliveOutcome.REFRESHED]


def test_a_refresh_that_fails_is_tried_again_for_the_other_half_of_the_life() -> None:
    harness = Refreshing()
    harness.rotating.faults.extend([Fault.BUSY] * 3)
    harness.clock.advance(14 * DAY)

    found = []
    for _ in range(4):
        found += outcomes(harness)
        harness.clock.advance(timedelta(hours=1))

    assert found == [KeepAliveOutcome.FAILED] * 3 + [KeepAliveOutcome.REFRESHED]


def test_a_lost_consent_is_not_tried_again() -> None:
    harness = Refreshing()
    harness.rotating.is_revoked = True
    harness.clock.advance(14 * DAY)

    assert outcomes(harness) == [KeepAliveOutcome.FAILED]
    assert outcomes(harness) == []
    assert harness.event_type() == [ConnectionEventType.LOST]


def test_a_blocked_credential_is_left_alone() -> None:
    harness = Refreshing()
    harness.reader.blocked.add("jobs")
    harness.clock.advance(20 * DAY)

    assert outcomes(harness) == []


def test_a_run_without_time_leaves_the_rest_to_the_next() -> None:
    harness = Refreshing()
    harness.clock.advance(14 * DAY)

    assert [result.outcome for result in run(harness, seconds=10)] == [KeepAliveOutcome.NO_TIME]
    assert harness.rotating.requests == []


def test_what_was_never_completed_is_dropped_an_hour_after_its_code_expired() -> None:
    harness = Refreshing()
    harness.connections.seed(Connection(key=KEY, pending=waiting()))
    harness.clock.advance(timedelta(minutes=70) - timedelta(seconds=1))
    assert outcomes(harness) == []

    harness.clock.advance(timedelta(seconds=1))

    assert outcomes(harness) == [KeepAliveOutcome.DROPPED]
    assert harness.connections.read(KEY) is None


def test_dropping_what_was_never_completed_leaves_the_consent_in_use() -> None:
    harness = Refreshing()
    before = harness.connection
    harness.connections.seed(replace(before, pending=waiting()))
    harness.clock.advance(2 * DAY)

    assert outcomes(harness) == [KeepAliveOutcome.DROPPED]
    assert harness.connection == before


def test_keep_alive_that_cannot_use_the_secret_is_kept_until_it_can() -> None:
    harness = Refreshing()
    harness.clock.advance(14 * DAY)
    secrets = dict(harness.secrets.secrets)
    harness.secrets.secrets.clear()

    failed = outcomes(harness)
    unready = harness.reader.states.state("jobs").not_ready_for
    harness.secrets.secrets.update(secrets)
    harness.clock.advance(DAY)
    refreshed = outcomes(harness)

    assert (failed, refreshed) == ([KeepAliveOutcome.FAILED], [KeepAliveOutcome.REFRESHED])
    assert unready == {ScheduledReader.KEEP_ALIVE}
    assert harness.reader.states.state("jobs").not_ready_for == frozenset()


def healths(harness: Refreshing, *, seconds: float = 55) -> list[Health]:
    """How one run leaves each connection."""
    told: list[Health] = []
    deadline = harness.clock.monotonic() + seconds
    list(keep_alive(harness).run(deadline=deadline, report_health=told.append))
    return told


def test_a_run_tells_how_it_leaves_each_connection() -> None:
    harness = Refreshing()
    harness.clock.advance(27 * DAY)

    assert healths(harness) == [Health.HEALTHY]


def test_a_run_without_time_still_tells_of_connections_at_risk() -> None:
    harness = Refreshing()
    harness.clock.advance(27 * DAY)

    assert healths(harness, seconds=5) == [Health.EXPIRING]


def test_a_connection_that_cannot_be_refreshed_is_told_as_it_is() -> None:
    harness = Refreshing()
    harness.clock.advance(27 * DAY)
    harness.rotating.faults.extend([Fault.BUSY] * 3)

    assert healths(harness) == [Health.EXPIRING]


def test_a_run_that_has_no_time_at_all_says_so() -> None:
    harness = Refreshing()
    harness.clock.advance(27 * DAY)

    assert [each.outcome for each in run(harness, seconds=0.5)] == [KeepAliveOutcome.NO_TIME]
