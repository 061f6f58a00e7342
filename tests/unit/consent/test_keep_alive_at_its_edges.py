"""One run of the keep-alive: how far its time goes, and how it tells of each connection."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.rotating_provider import Fault
from tests.fakes.vend_reader import InMemoryCredentialReader
from tests.unit.consent.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionKey, PendingConsent
from tokenvend.domain.connection_health import Health
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.secret import Secret
from tokenvend.ports import CredentialView, StoreAwayError
from tokenvend.schedules.keep_alive import KeepAlive, KeepAliveOutcome, KeepAliveResult

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
OTHER = replace(KEY, name="globex")


class Run:
    """A run of the schedule on *harness*, and the health that it reported."""

    def __init__(
        self, harness: Refreshing, *, time_left: timedelta = timedelta(seconds=55)
    ) -> None:
        self.health: list[Health] = []
        keep_alive = KeepAlive(
            connections=harness.connections,
            credentials=InMemoryCredentialReader(harness.reader),
            states=harness.states,
            refresher=harness.refresher(),
            clock=harness.clock,
        )
        deadline = harness.clock.monotonic() + time_left.total_seconds()
        self.results = list(keep_alive.run(deadline=deadline, report_health=self.health.append))


def idle(*, days: float = 14, others: int = 0) -> Refreshing:
    """One connection, or more, that nobody has used for so long."""
    harness = Refreshing()
    for number in range(others):
        key = replace(KEY, name=f"idle-{number}")
        harness.connections.seed(Connection(key=key, consent=CONSENT, number=1))
    harness.clock.advance(timedelta(days=days))
    return harness


def test_a_connection_that_is_due_is_refreshed_and_well() -> None:
    run = Run(idle(days=20))

    assert run.results == [KeepAliveResult(KEY, KeepAliveOutcome.REFRESHED)]
    assert run.health == [Health.HEALTHY]


def test_one_that_is_not_due_is_only_told_of() -> None:
    run = Run(idle(days=13.9))

    assert (run.results, run.health) == ([], [Health.HEALTHY])


def test_one_that_cannot_be_refreshed_is_told_with_the_reason_and_as_it_is() -> None:
    harness = idle(days=20)
    harness.rotating.faults.append(Fault.NOT_HEARD)

    run = Run(harness)

    (result,) = run.results
    assert (result.key, result.outcome) == (KEY, KeepAliveOutcome.FAILED)
    assert result.failed is not None
    assert result.failed.rule == "provider.away"
    assert run.health == [Health.OVERDUE]


@pytest.mark.parametrize(
    ("time_left", "outcome"),
    [
        (bounds.EXCHANGE_NEEDS, KeepAliveOutcome.REFRESHED),
        (bounds.EXCHANGE_NEEDS - timedelta(milliseconds=1), KeepAliveOutcome.NO_TIME),
        (bounds.ANSWER_NEEDS, KeepAliveOutcome.NO_TIME),
    ],
)
def test_a_refresh_starts_if_it_can_end_within_the_run(
    time_left: timedelta, outcome: KeepAliveOutcome
) -> None:
    harness = idle(days=20)

    run = Run(harness, time_left=time_left)

    assert run.results == [KeepAliveResult(KEY, outcome)]
    assert run.health == [
        Health.HEALTHY if outcome is KeepAliveOutcome.REFRESHED else Health.OVERDUE
    ]
    assert (harness.rotating.requests != []) is (outcome is KeepAliveOutcome.REFRESHED)


def test_a_run_that_is_over_looks_at_nothing_more_and_says_so_once() -> None:
    run = Run(idle(days=20, others=5), time_left=bounds.ANSWER_NEEDS - timedelta(milliseconds=1))

    assert run.results == [KeepAliveResult(KEY, KeepAliveOutcome.NO_TIME)]
    assert run.health == []


def test_a_run_without_time_for_a_refresh_says_so_once_and_goes_on_to_tell() -> None:
    run = Run(idle(days=20, others=5), time_left=bounds.EXCHANGE_NEEDS - INSTANT)

    assert [result.outcome for result in run.results] == [KeepAliveOutcome.NO_TIME]
    assert run.health == [Health.OVERDUE] * 6


def test_a_run_that_ends_after_it_has_said_so_does_not_say_it_again() -> None:
    harness = idle(days=20, others=3)

    read_all = harness.connections.all

    def slowly() -> Iterator[Connection]:
        for connection in read_all():
            yield connection
            harness.clock.advance(bounds.EXCHANGE_NEEDS - timedelta(seconds=1))

    harness.connections.all = slowly  # type: ignore[method-assign]

    run = Run(harness, time_left=bounds.EXCHANGE_NEEDS - INSTANT)

    assert [result.outcome for result in run.results] == [KeepAliveOutcome.NO_TIME]
    assert run.health == [Health.OVERDUE]


def test_what_was_never_completed_is_dropped_and_the_rest_is_gone_through() -> None:
    harness = Refreshing()
    pending = PendingConsent(
        consent=CONSENT, code_sha256=Secret("code").sha256, expires_at=harness.clock.now()
    )
    harness.connections.seed(Connection(key=OTHER, pending=pending))
    harness.connections.delete(KEY)
    harness.connections.seed(Connection(key=KEY, consent=CONSENT, number=1))

    harness.clock.advance(bounds.PENDING_CONSENT_RETAINED - INSTANT)
    before = Run(harness)
    harness.clock.advance(INSTANT)
    after = Run(harness)

    assert (before.results, before.health) == ([], [Health.PENDING, Health.HEALTHY])
    assert after.results == [KeepAliveResult(OTHER, KeepAliveOutcome.DROPPED)]
    assert after.health == [Health.HEALTHY]
    assert harness.connections.read(OTHER) is None


@pytest.mark.parametrize("blocked", ["jobs", str(KEY)])
def test_what_is_blocked_is_told_of_and_nothing_of_it_is_sent(blocked: str) -> None:
    harness = idle(days=20)
    harness.reader.blocked.add(blocked)

    run = Run(harness)

    assert run.results == []
    assert len(run.health) == 1
    assert harness.rotating.requests == []


def test_a_block_on_another_connection_stops_nothing() -> None:
    harness = idle(days=20)
    harness.reader.blocked.add(str(OTHER))

    assert Run(harness).results == [KeepAliveResult(KEY, KeepAliveOutcome.REFRESHED)]


def test_each_credential_is_read_once_however_many_connections_it_has() -> None:
    harness = idle(days=1, others=20)
    reads: list[tuple[str, ConnectionKey | None]] = []

    class Counting(InMemoryCredentialReader):
        def read(
            self, credential: str, tenant: str | None, *, connection: ConnectionKey | None = None
        ) -> CredentialView:
            reads.append((credential, connection))
            return super().read(credential, tenant, connection=connection)

    keep_alive = KeepAlive(
        connections=harness.connections,
        credentials=Counting(harness.reader),
        states=harness.states,
        refresher=harness.refresher(),
        clock=harness.clock,
    )

    list(keep_alive.run(deadline=harness.clock.monotonic() + 55))

    assert reads == [("jobs", None)]


def test_a_secret_that_cannot_be_used_is_kept_for_the_operator_until_it_can() -> None:
    harness = idle(days=20)
    secret = harness.secrets.secrets.pop(("jobs", None))

    Run(harness)
    marked = harness.states.state("jobs").not_ready_for
    harness.secrets.secrets["jobs", None] = secret
    Run(harness)

    assert marked == {ScheduledReader.KEEP_ALIVE}
    assert harness.states.state("jobs").not_ready_for == frozenset()


def test_a_mark_that_cannot_be_written_ends_no_run() -> None:
    harness = idle(days=20, others=1)
    harness.secrets.secrets.clear()
    harness.states.is_away = True

    assert [result.outcome for result in Run(harness).results] == [KeepAliveOutcome.FAILED] * 2


def test_a_table_that_is_away_ends_the_run() -> None:
    harness = idle()
    harness.connections.is_away = True

    with pytest.raises(StoreAwayError):
        Run(harness)


def test_a_forecast_is_of_every_connection_by_its_own_definition() -> None:
    harness = idle(days=27, others=1)
    keep_alive = KeepAlive(
        connections=harness.connections,
        credentials=InMemoryCredentialReader(harness.reader),
        states=harness.states,
        refresher=harness.refresher(),
        clock=harness.clock,
    )

    found = list(keep_alive.forecast())

    assert DEFINITION.authorization is not None
    assert [each.connection.key.name for each in found] == ["acme", "idle-0"]
    assert {each.health for each in found} == {Health.EXPIRING}
    assert all(each.is_at_risk for each in found)
