"""Idle connections are refreshed well before they die, and a forecast names those at risk."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.rotating_provider import Fault, RotatingProvider
from tests.fakes.vend_reader import InMemoryCredentialReader
from tests.unit.connecting.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.connecting.ending import end_connection
from tokenvend.connecting.events import Happened
from tokenvend.connecting.importing import ConnectionExistsError, import_connection
from tokenvend.connecting.keep_alive import KeepAlive, KeepAliveResult, KeptAlive
from tokenvend.domain.connection import Connection, ConnectionStatus, PendingConsent
from tokenvend.domain.connection_health import Health
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.secret import Secret

DAY = timedelta(days=1)
UNKNOWN_LIFE = replace(DEFINITION, authorization=None)


def keep_alive(world: Refreshing) -> KeepAlive:
    return KeepAlive(
        connections=world.connections,
        credentials=InMemoryCredentialReader(world.reader),
        states=world.reader.states,
        refresher=world.refresher(),
        clock=world.clock,
    )


def run(world: Refreshing, *, seconds: float = 55) -> list[KeepAliveResult]:
    """One run of the schedule."""
    return list(keep_alive(world).run(dies=world.clock.monotonic() + seconds))


def outcomes(world: Refreshing) -> list[KeptAlive]:
    return [result.outcome for result in run(world)]


def test_an_idle_connection_is_refreshed_at_half_of_its_life_and_not_before() -> None:
    world = Refreshing()
    world.clock.advance(14 * DAY - timedelta(seconds=1))
    assert outcomes(world) == []

    world.clock.advance(timedelta(seconds=1))

    assert outcomes(world) == [KeptAlive.REFRESHED]
    assert world.refresh_token == "refresh-2"
    assert outcomes(world) == []


def test_an_idle_connection_lives_on_for_years() -> None:
    world = Refreshing()
    for _ in range(3 * 365):
        world.clock.advance(DAY)
        run(world)

    consent = world.connection.consent
    assert consent is not None
    assert consent.refresh_expires_at is not None
    assert consent.refresh_expires_at > world.clock.now() + 13 * DAY
    assert world.rotating.refreshes == 3 * 365 // 14


def test_a_connection_in_use_is_left_to_its_use() -> None:
    world = Refreshing()
    for _ in range(20):
        world.clock.advance(DAY)
        world.refresh()

    assert outcomes(world) == []


def test_a_life_that_nobody_knows_is_taken_for_two_weeks() -> None:
    world = Refreshing(definition=UNKNOWN_LIFE, consent=replace(CONSENT, refresh_expires_at=None))
    world.clock.advance(7 * DAY - timedelta(seconds=1))
    assert outcomes(world) == []

    world.clock.advance(timedelta(seconds=1))

    assert outcomes(world) == [KeptAlive.REFRESHED]


def test_a_refresh_that_fails_is_tried_again_for_the_other_half_of_the_life() -> None:
    world = Refreshing()
    world.rotating.faults.extend([Fault.BUSY] * 3)
    world.clock.advance(14 * DAY)

    found = []
    for _ in range(4):
        found += outcomes(world)
        world.clock.advance(timedelta(hours=1))

    assert found == [KeptAlive.FAILED] * 3 + [KeptAlive.REFRESHED]


def test_a_lost_consent_is_not_tried_again() -> None:
    world = Refreshing()
    world.rotating.is_revoked = True
    world.clock.advance(14 * DAY)

    assert outcomes(world) == [KeptAlive.FAILED]
    assert outcomes(world) == []
    assert world.happened() == [Happened.LOST]


def test_a_blocked_credential_is_left_alone() -> None:
    world = Refreshing()
    world.reader.blocked.add("jobs")
    world.clock.advance(20 * DAY)

    assert outcomes(world) == []


def test_a_run_without_time_leaves_the_rest_to_the_next() -> None:
    world = Refreshing()
    world.clock.advance(14 * DAY)

    assert [result.outcome for result in run(world, seconds=10)] == [KeptAlive.NO_TIME]
    assert world.rotating.requests == []


def waiting() -> PendingConsent:
    return PendingConsent(
        consent=replace(CONSENT, consent_id="consent-2"),
        code_sha256="0" * 64,
        expires_at=START + timedelta(minutes=10),
    )


def test_what_was_never_completed_is_dropped_an_hour_after_its_code_expired() -> None:
    world = Refreshing()
    world.connections.seed(Connection(key=KEY, pending=waiting()))
    world.clock.advance(timedelta(minutes=70) - timedelta(seconds=1))
    assert outcomes(world) == []

    world.clock.advance(timedelta(seconds=1))

    assert outcomes(world) == [KeptAlive.DROPPED]
    assert world.connections.read(KEY) is None


def test_dropping_what_was_never_completed_leaves_the_consent_in_use() -> None:
    world = Refreshing()
    before = world.connection
    world.connections.seed(replace(before, pending=waiting()))
    world.clock.advance(2 * DAY)

    assert outcomes(world) == [KeptAlive.DROPPED]
    assert world.connection == before


def forecast(world: Refreshing) -> tuple[Health, datetime | None]:
    (found,) = keep_alive(world).forecast()
    return found.health, found.dies_at


@pytest.mark.parametrize(
    ("days", "health"),
    [
        (0, Health.WELL),
        (14, Health.WELL),
        (16.7, Health.WELL),
        (16.9, Health.OVERDUE),
        (20.9, Health.OVERDUE),
        (21, Health.DYING),
        (27.9, Health.DYING),
        (28, Health.DEAD),
    ],
)
def test_a_forecast_says_how_each_connection_is(days: float, health: Health) -> None:
    world = Refreshing()
    world.clock.advance(timedelta(days=days))

    assert forecast(world) == (health, START + 28 * DAY)


def test_a_short_life_is_not_at_risk_from_its_first_day() -> None:
    world = Refreshing(consent=replace(CONSENT, refresh_expires_at=START + DAY))
    world.clock.advance(timedelta(hours=12))

    assert forecast(world)[0] is Health.WELL


@pytest.mark.parametrize(
    ("definition", "dies"), [(UNKNOWN_LIFE, None), (DEFINITION, START + 28 * DAY)]
)
def test_where_a_consent_does_not_say_its_provider_may(
    definition: CredentialDefinition, dies: datetime | None
) -> None:
    world = Refreshing(definition=definition, consent=replace(CONSENT, refresh_expires_at=None))

    assert forecast(world) == (Health.WELL, dies)


def test_a_forecast_tells_lost_and_pending_apart() -> None:
    world = Refreshing()
    world.connections.seed(replace(world.connection, is_lost=True))
    assert forecast(world)[0] is Health.LOST

    world.connections.seed(Connection(key=KEY, pending=waiting()))
    assert forecast(world)[0] is Health.PENDING


def imported(world: Refreshing, *, replaces: bool = False) -> Connection:
    return import_connection(
        world.connections,
        world.definition,
        KEY,
        refresh_token=Secret("refresh-1"),
        scopes=CONSENT.scopes,
        account="user-9",
        replace=replaces,
        now=world.clock.now(),
        tell=world.events.append,
    )


def test_an_imported_refresh_token_is_spent_when_it_is_first_used() -> None:
    world = Refreshing(provider=RotatingProvider())
    world.connections.delete(KEY)

    connection = imported(world)

    assert connection.status is ConnectionStatus.ACTIVE
    assert world.rotating.requests == []
    assert world.happened() == [Happened.IMPORTED]
    world.refresh()
    assert world.refresh_token == "refresh-2"


def test_an_import_replaces_only_when_it_is_told_to() -> None:
    world = Refreshing()
    before = world.connection

    with pytest.raises(ConnectionExistsError):
        imported(world)
    assert world.connection == before

    assert imported(world, replaces=True).consent != before.consent


def test_a_connection_that_is_ended_is_revoked_and_gone() -> None:
    world = Refreshing()

    deleted, revoked = end_connection(
        world.connections,
        KEY,
        world.definition,
        secrets=world.secrets,
        provider=world.provider,
        tell=world.events.append,
    )

    assert deleted is not None
    assert revoked
    assert world.rotating.revoked == ["refresh-1"]
    assert world.connections.read(KEY) is None
    assert world.happened() == [Happened.DISCONNECTED]


def test_ending_what_is_not_there_is_told() -> None:
    world = Refreshing()
    world.connections.delete(KEY)

    assert end_connection(
        world.connections,
        KEY,
        world.definition,
        secrets=world.secrets,
        provider=world.provider,
        tell=world.events.append,
    ) == (None, False)
    assert world.events == []


def test_keep_alive_that_cannot_use_the_secret_is_kept_until_it_can() -> None:
    world = Refreshing()
    world.clock.advance(14 * DAY)
    secrets = dict(world.secrets.secrets)
    world.secrets.secrets.clear()

    failed = outcomes(world)
    unready = world.reader.states.state("jobs").not_ready_for
    world.secrets.secrets.update(secrets)
    world.clock.advance(DAY)
    refreshed = outcomes(world)

    assert (failed, refreshed) == ([KeptAlive.FAILED], [KeptAlive.REFRESHED])
    assert unready == {ScheduledReader.KEEP_ALIVE}
    assert world.reader.states.state("jobs").not_ready_for == frozenset()


def healths(world: Refreshing, *, seconds: float = 55) -> list[Health]:
    """How one run leaves each connection."""
    told: list[Health] = []
    dies = world.clock.monotonic() + seconds
    list(keep_alive(world).run(dies=dies, tell_health=told.append))
    return told


def test_a_run_tells_how_it_leaves_each_connection() -> None:
    world = Refreshing()
    world.clock.advance(27 * DAY)

    assert healths(world) == [Health.WELL]


def test_a_run_without_time_still_tells_of_connections_at_risk() -> None:
    world = Refreshing()
    world.clock.advance(27 * DAY)

    assert healths(world, seconds=5) == [Health.DYING]


def test_a_connection_that_cannot_be_refreshed_is_told_as_it_is() -> None:
    world = Refreshing()
    world.clock.advance(27 * DAY)
    world.rotating.faults.extend([Fault.BUSY] * 3)

    assert healths(world) == [Health.DYING]


def test_a_run_that_has_no_time_at_all_says_so() -> None:
    world = Refreshing()
    world.clock.advance(27 * DAY)

    assert [each.outcome for each in run(world, seconds=0.5)] == [KeptAlive.NO_TIME]
