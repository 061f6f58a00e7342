"""A forecast names the connections at risk."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START
from tests.unit.consent.keeping_alive import DAY, UNKNOWN_LIFE, keep_alive, waiting
from tests.unit.consent.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_health import Health
from tokenvend.domain.credential_definition import CredentialDefinition


def forecast(harness: Refreshing) -> tuple[Health, datetime | None]:
    (found,) = keep_alive(harness).forecast()
    return found.health, found.refresh_token_expires_at


@pytest.mark.parametrize(
    ("days", "health"),
    [
        (0, Health.HEALTHY),
        (14, Health.HEALTHY),
        (16.7, Health.HEALTHY),
        (16.9, Health.OVERDUE),
        (20.9, Health.OVERDUE),
        (21, Health.EXPIRING),
        (27.9, Health.EXPIRING),
        (28, Health.EXPIRED),
    ],
)
def test_a_forecast_says_how_each_connection_is(days: float, health: Health) -> None:
    harness = Refreshing()
    harness.clock.advance(timedelta(days=days))

    assert forecast(harness) == (health, START + 28 * DAY)


def test_a_short_life_is_not_at_risk_from_its_first_day() -> None:
    harness = Refreshing(consent=replace(CONSENT, refresh_expires_at=START + DAY))
    harness.clock.advance(timedelta(hours=12))

    assert forecast(harness)[0] is Health.HEALTHY


@pytest.mark.parametrize(
    ("definition", "deadline"), [(UNKNOWN_LIFE, None), (DEFINITION, START + 28 * DAY)]
)
def test_where_a_consent_does_not_say_its_provider_may(
    definition: CredentialDefinition, deadline: datetime | None
) -> None:
    harness = Refreshing(definition=definition, consent=replace(CONSENT, refresh_expires_at=None))

    assert forecast(harness) == (Health.HEALTHY, deadline)


def test_a_forecast_tells_lost_and_pending_apart() -> None:
    harness = Refreshing()
    harness.connections.seed(replace(harness.connection, is_lost=True))
    assert forecast(harness)[0] is Health.LOST

    harness.connections.seed(Connection(key=KEY, pending=waiting()))
    assert forecast(harness)[0] is Health.PENDING
