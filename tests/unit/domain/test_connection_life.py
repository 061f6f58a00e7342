"""How long a connection lasts, and what an operator should know of it meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START
from tests.unit.consent.refreshing import CONSENT, DEFINITION, KEY

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, Consent, PendingConsent, with_consent
from tokenvend.domain.connection_health import (
    Forecast,
    Health,
    forecast,
    keep_alive_due_at,
    refresh_token_expires_at,
)
from tokenvend.domain.credential_definition import CredentialDefinition

DAY = timedelta(days=1)
#: Its provider states no end: the definition knows that each lives 28 days.
UNSTATED = replace(CONSENT, refresh_expires_at=None)
SILENT = replace(DEFINITION, authorization=None)
CONNECTION = Connection(key=KEY, consent=UNSTATED, number=1)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("consent", "definition", "end"),
    [
        (replace(CONSENT, refresh_expires_at=START + DAY), DEFINITION, START + DAY),
        (UNSTATED, DEFINITION, START + 28 * DAY),
        (UNSTATED, SILENT, None),
        (UNSTATED, None, None),
    ],
)
def test_a_refresh_token_dies_as_its_answer_says_or_its_definition(
    consent: Consent, definition: CredentialDefinition | None, end: datetime | None
) -> None:
    assert refresh_token_expires_at(consent, definition) == end
    assert forecast(replace(CONNECTION, consent=consent), definition, now=START) == Forecast(
        replace(CONNECTION, consent=consent), Health.HEALTHY, end
    )


def test_it_is_refreshed_at_half_of_its_life() -> None:
    unknown = bounds.REFRESH_TOKEN_LIFE_UNKNOWN

    assert keep_alive_due_at(UNSTATED, DEFINITION) == START + 14 * DAY
    assert keep_alive_due_at(UNSTATED, None) == START + unknown * bounds.KEEP_ALIVE_DUE


@pytest.mark.parametrize(
    ("days", "before", "since"),
    [
        pytest.param(28 * 0.6, Health.HEALTHY, Health.OVERDUE, id="the keep-alive did not come"),
        pytest.param(21, Health.OVERDUE, Health.EXPIRING, id="a week before its end"),
        pytest.param(28, Health.EXPIRING, Health.EXPIRED, id="its end"),
    ],
)
def test_health_changes_at_its_instant(days: float, before: Health, since: Health) -> None:
    at = START + timedelta(days=days)

    assert forecast(CONNECTION, DEFINITION, now=at - INSTANT).health is before
    assert forecast(CONNECTION, DEFINITION, now=at).health is since


def test_of_a_short_life_the_last_quarter_is_dying() -> None:
    authorization = DEFINITION.authorization
    assert authorization is not None
    brief = replace(DEFINITION, authorization=replace(authorization, refresh_token_days=4))

    assert forecast(CONNECTION, brief, now=START + 3 * DAY - INSTANT).health is Health.OVERDUE
    assert forecast(CONNECTION, brief, now=START + 3 * DAY).health is Health.EXPIRING


def test_what_nobody_knows_the_end_of_is_overdue_and_never_dead() -> None:
    since = bounds.REFRESH_TOKEN_LIFE_UNKNOWN * (bounds.KEEP_ALIVE_DUE + bounds.KEEP_ALIVE_OVERDUE)

    assert forecast(CONNECTION, None, now=START + since - INSTANT).health is Health.HEALTHY
    assert forecast(CONNECTION, None, now=START + since).health is Health.OVERDUE
    assert forecast(CONNECTION, None, now=START + 1000 * DAY).health is Health.OVERDUE


def test_a_connection_that_nobody_completed_has_no_end() -> None:
    pending = PendingConsent(consent=CONSENT, code_sha256="0" * 64, expires_at=START + DAY)
    connection = Connection(key=KEY, pending=pending)

    assert forecast(connection, DEFINITION, now=START + 99 * DAY) == Forecast(
        connection, Health.PENDING, None
    )


def test_the_numbers_of_a_new_consent_begin_at_one() -> None:
    former = replace(CONNECTION, number=7, is_lost=True)

    assert with_consent(former, CONSENT) == Connection(key=KEY, consent=CONSENT, number=1)
