"""The journal: who may spend a refresh token, and what becomes of its successor."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionKey, Consent, JournalEntry
from tokenvend.domain.journal import (
    CannotRedeem,
    JournalState,
    Successor,
    begin,
    finish,
    give_up_consent,
    journal_state,
    redeemable_from,
    release_redemption,
)
from tokenvend.domain.secret import Secret

DEADLINE = START + timedelta(seconds=20)
FREE = DEADLINE + bounds.CLOCK_SKEW
CONSENT = Consent(
    consent_id="c1",
    refresh_token=Secret("refresh-7"),
    scopes=frozenset({"read"}),
    account="user-7",
    connected_at=START,
    refreshed_at=START,
)
CONNECTION = Connection(
    key=ConnectionKey(credential="jobs", owner="billing", name="acme"), consent=CONSENT, number=7
)
ENTRY = JournalEntry(number=7, holder_id="first", deadline_at=DEADLINE)
REDEEMED = replace(CONNECTION, journal_entry=ENTRY)
NEXT = Successor(
    refresh_token=Secret("refresh-8"), scopes=None, refreshed_at=START, refresh_expires_at=None
)


def begun(connection: Connection, *, after: timedelta) -> JournalEntry | CannotRedeem:
    now = START + after
    return begin(connection, holder_id="second", now=now, deadline_at=now + timedelta(seconds=20))


def test_a_free_token_is_redeemed_for_the_first_time() -> None:
    assert begun(CONNECTION, after=timedelta(0)) == JournalEntry(
        number=7, holder_id="second", deadline_at=DEADLINE
    )


def test_a_live_holder_is_not_raced_until_its_death_and_the_clocks_skew_are_past() -> None:
    last = FREE - START - timedelta(microseconds=1)

    assert begun(REDEEMED, after=last) is CannotRedeem.BEING_REDEEMED
    assert isinstance(begun(REDEEMED, after=FREE - START), JournalEntry)


def test_a_dead_holder_is_followed_by_one_retry_and_no_more() -> None:
    retry = begun(REDEEMED, after=FREE - START)

    assert isinstance(retry, JournalEntry)
    assert retry.is_retry
    dead_again = replace(CONNECTION, journal_entry=retry)
    assert begun(dead_again, after=redeemable_from(retry) - START) is CannotRedeem.HOLDER_GONE_TWICE


def test_a_holder_that_said_the_provider_was_away_is_not_dead() -> None:
    retry_at = START + timedelta(seconds=90)
    given = release_redemption(REDEEMED, ENTRY, retry_at=retry_at)
    assert given is not None

    assert begun(given, after=timedelta(seconds=89)) is CannotRedeem.BEING_REDEEMED
    again = begun(given, after=timedelta(seconds=90))
    assert isinstance(again, JournalEntry)
    assert not again.is_retry


def test_an_outage_after_a_death_does_not_forget_the_death() -> None:
    retry = begun(REDEEMED, after=FREE - START)
    assert isinstance(retry, JournalEntry)
    given = release_redemption(replace(CONNECTION, journal_entry=retry), retry, retry_at=FREE)
    assert given is not None

    again = begun(given, after=FREE - START)

    assert isinstance(again, JournalEntry)
    assert again.is_retry


def test_a_year_of_outage_costs_no_consent() -> None:
    connection, now = CONNECTION, START
    for _ in range(1_000):
        entry = begin(connection, holder_id="x", now=now, deadline_at=now + timedelta(seconds=20))
        assert isinstance(entry, JournalEntry)
        held = replace(connection, journal_entry=entry)
        now = redeemable_from(entry)
        given = release_redemption(held, entry, retry_at=now)
        assert given is not None
        connection = given


@pytest.mark.parametrize(
    ("connection", "why"),
    [
        pytest.param(
            Connection(key=CONNECTION.key), CannotRedeem.NO_CONSENT, id="nothing was completed"
        ),
        pytest.param(
            replace(CONNECTION, is_lost=True), CannotRedeem.CONSENT_LOST, id="the consent is lost"
        ),
    ],
)
def test_without_a_consent_nothing_is_redeemed(connection: Connection, why: CannotRedeem) -> None:
    assert begun(connection, after=timedelta(0)) is why


def test_a_success_ends_the_journal_under_the_next_number() -> None:
    done = finish(REDEEMED, CONNECTION, NEXT)

    assert done is not None
    assert done.consent is not None
    assert (done.number, done.journal_entry) == (8, None)
    assert done.consent.refresh_token == Secret("refresh-8")


def test_a_late_success_is_kept_although_another_holds_the_journal() -> None:
    taken = replace(CONNECTION, journal_entry=replace(ENTRY, holder_id="second", is_retry=True))

    done = finish(taken, CONNECTION, NEXT)

    assert done is not None
    assert (done.number, done.journal_entry) == (8, None)


def test_a_late_success_heals_a_lost_consent() -> None:
    done = finish(replace(REDEEMED, is_lost=True), CONNECTION, NEXT)

    assert done is not None
    assert not done.is_lost


def test_a_success_with_a_number_that_has_passed_is_not_kept() -> None:
    assert finish(replace(CONNECTION, number=8), CONNECTION, NEXT) is None


def test_a_success_of_a_former_consent_is_not_kept() -> None:
    anew = replace(CONNECTION, consent=replace(CONSENT, consent_id="c2"))

    assert finish(anew, CONNECTION, NEXT) is None


def test_a_provider_that_does_not_rotate_keeps_its_token() -> None:
    done = finish(REDEEMED, CONNECTION, replace(NEXT, refresh_token=None))

    assert done is not None
    assert done.consent is not None
    assert done.number == 8
    assert done.consent.refresh_token == Secret("refresh-7")


def test_a_consent_is_lost_by_the_holder_and_once() -> None:
    lost = give_up_consent(REDEEMED, ENTRY)

    assert lost is not None
    assert lost.is_lost
    assert give_up_consent(lost, ENTRY) is None


def test_a_holder_that_was_taken_over_from_neither_loses_nor_gives_back() -> None:
    taken = replace(CONNECTION, journal_entry=replace(ENTRY, holder_id="second", is_retry=True))

    assert give_up_consent(taken, ENTRY) is None
    assert release_redemption(taken, ENTRY, retry_at=START) is None


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        (None, JournalState.FREE),
        (replace(ENTRY, deadline_at=START), JournalState.BEING_REDEEMED),
        (replace(ENTRY, deadline_at=START - bounds.CLOCK_SKEW), JournalState.HOLDER_GONE),
        (
            replace(ENTRY, deadline_at=START - bounds.CLOCK_SKEW, is_retry=True),
            JournalState.HOLDER_GONE_TWICE,
        ),
        (replace(ENTRY, retry_at=START), JournalState.FREE),
        (replace(ENTRY, retry_at=START, is_retry=True), JournalState.FREE),
    ],
)
def test_state_of_the_journal(entry: JournalEntry | None, state: JournalState) -> None:
    assert journal_state(entry, START) is state
