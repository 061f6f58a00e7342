"""Whose turn a refresh is, and after how long another's is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.consent.refreshing import CONSENT, KEY, Refreshing

from tokenvend.domain.connection import Connection
from tokenvend.domain.errors import CONNECTION_BUSY, TemporarilyUnavailableError


def test_each_refresh_has_a_name_that_no_other_has() -> None:
    harness = Refreshing()
    names: list[str] = []

    def look() -> None:
        journal_entry = harness.connection.journal_entry
        assert journal_entry is not None
        names.append(journal_entry.holder_id)

    harness.rotating.interrupt = look
    for _ in range(3):
        harness.refresh()

    assert {len(name) for name in names} == {32}
    assert len(set(names)) == 3


def test_a_consent_that_was_made_anew_meanwhile_is_asked_for_again_in_a_second() -> None:
    harness = Refreshing()
    anew = replace(CONSENT, consent_id="consent-2")
    harness.connections.seed(Connection(key=KEY, consent=anew, number=1))

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.refresher().refresh(replace(harness.refresh_request(), consent_id="consent-1"))

    assert (caught.value.rule, caught.value.retry_after_seconds) == (CONNECTION_BUSY, 1)


def test_where_nothing_was_sent_another_may_try_as_soon_as_it_is_worth_it() -> None:
    harness = Refreshing()
    harness.secrets.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.refresh()

    journal_entry = harness.connection.journal_entry
    assert journal_entry is not None
    waits = timedelta(seconds=caught.value.retry_after_seconds)
    assert journal_entry.retry_at == harness.clock.now() + waits
    assert caught.value.rule == "secret.away"
