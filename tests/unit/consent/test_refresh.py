"""Refreshing through the journal: what is stored, and in which order."""

from datetime import timedelta

import pytest
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.crashing import Answers
from tests.unit.consent.refreshing import KEY, Refreshing

from tokenvend.domain.connection import ConnectionStatus, JournalEntry
from tokenvend.domain.errors import (
    ConsentRequiredError,
    ProviderRefusedError,
)
from tokenvend.domain.secret import Secret
from tokenvend.refresh_tokens.connection_events import ConnectionEventType


def test_a_refresh_keeps_the_successor_before_it_answers() -> None:
    harness = Refreshing()

    token = harness.refresh()

    assert token.access_token == Secret("access-1")
    assert harness.refresh_token == "refresh-2"
    assert (harness.connection.number, harness.connection.journal_entry) == (2, None)


def test_the_journal_stands_before_the_token_is_sent() -> None:
    harness = Refreshing()
    seen: list[JournalEntry | None] = []
    harness.rotating.interrupt = lambda: seen.append(harness.connection.journal_entry)

    harness.refresh()

    assert seen[0] is not None
    assert seen[0].number == 1
    assert seen[0].deadline_at == harness.clock.now() + timedelta(seconds=20)


def test_the_refresh_token_lives_its_whole_life_anew() -> None:
    harness = Refreshing()
    harness.clock.advance(timedelta(days=20))

    harness.refresh()

    consent = harness.connection.consent
    assert consent is not None
    assert consent.refresh_expires_at == harness.clock.now() + timedelta(days=28)


def test_a_provider_that_says_how_long_its_refresh_token_lives_is_believed() -> None:
    harness = Refreshing()
    harness.provider = Answers({"refresh_token_expires_in": 3600})  # type: ignore[assignment]

    harness.refresh()

    consent = harness.connection.consent
    assert consent is not None
    assert consent.refresh_expires_at == harness.clock.now() + timedelta(hours=1)


def test_a_provider_that_does_not_rotate_keeps_its_token() -> None:
    harness = Refreshing(provider=RotatingProvider(rotates=False))

    harness.refresh()
    harness.refresh()

    assert harness.refresh_token == "refresh-1"
    assert harness.connection.number == 3


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"token_type": "DPoP"}, id="bound to a key"),
        pytest.param({"expires_in": 0}, id="expired already"),
        pytest.param({"access_token": ""}, id="empty"),
        pytest.param({"scope": "jobs_read everything"}, id="wider than the consent"),
    ],
)
def test_the_successor_is_kept_although_the_access_token_cannot_be_used(
    changes: dict[str, object],
) -> None:
    harness = Refreshing()
    harness.provider = Answers(changes)  # type: ignore[assignment]

    with pytest.raises(ProviderRefusedError):
        harness.refresh()

    assert harness.refresh_token == "refresh-2"
    assert harness.connection.journal_entry is None


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "invalid_grant"),
        (400, "invalid_token"),
        (401, "invalid_grant"),
        (200, "invalid_grant"),
    ],
)
def test_a_token_that_is_refused_is_one_lost_consent(status: int, error: str) -> None:
    harness = Refreshing()
    harness.provider = Answers({"error": error}, status=status)  # type: ignore[assignment]

    for _ in range(3):
        with pytest.raises(ConsentRequiredError):
            harness.refresh()

    assert harness.connection.status is ConnectionStatus.CONSENT_LOST
    assert [(event.event_type, event.key, event.reason) for event in harness.events] == [
        (ConnectionEventType.LOST, KEY, "refused")
    ]
