"""A refresh at each instant where something changes, and what is said of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import Fault
from tests.unit.consent.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, JournalEntry
from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    PROVIDER_AWAY,
    ConsentRequiredError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.ports import StoreAwayError
from tokenvend.refresh_tokens.connection_events import ConnectionEvent, ConnectionEventType

INSTANT = timedelta(milliseconds=1)
BUSY = "Another request is refreshing this connection; ask again."


def refused(harness: Refreshing, *, time_left: timedelta = timedelta(seconds=20)) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        harness.refresher().refresh(harness.refresh_request(time_left=time_left))
    return caught.value


def held(
    harness: Refreshing,
    *,
    deadline: timedelta,
    retry: timedelta | None = None,
    is_retry: bool = False,
) -> JournalEntry:
    """Somebody else's entry in the journal."""
    now = harness.clock.now()
    journal_entry = JournalEntry(
        number=1,
        holder_id="another",
        deadline_at=now + deadline,
        is_retry=is_retry,
        retry_at=None if retry is None else now + retry,
    )
    harness.connections.seed(replace(harness.connection, journal_entry=journal_entry))
    return journal_entry


def test_a_refresh_starts_if_it_can_end_within_the_invocation() -> None:
    harness = Refreshing()

    error = refused(harness, time_left=bounds.EXCHANGE_NEEDS - INSTANT)

    assert isinstance(error, TemporarilyUnavailableError)
    assert (error.rule, error.retry_after_seconds, error.description) == (CONNECTION_BUSY, 1, BUSY)
    assert harness.connection.journal_entry is None
    harness.refresher().refresh(harness.refresh_request(time_left=bounds.EXCHANGE_NEEDS))
    assert harness.refresh_token == "refresh-2"


def test_a_holder_that_works_is_waited_for_while_there_is_time_to_refresh_after_it() -> None:
    harness = Refreshing()
    held(harness, deadline=timedelta(seconds=60))
    started = harness.clock.monotonic()

    error = refused(harness)

    waited = timedelta(seconds=harness.clock.monotonic() - started)
    most = timedelta(seconds=20) - bounds.EXCHANGE_NEEDS
    assert isinstance(error, TemporarilyUnavailableError)
    assert (error.rule, error.retry_after_seconds) == (CONNECTION_BUSY, 1)
    assert most <= waited <= most + timedelta(seconds=0.2)
    assert harness.rotating.requests == []


@pytest.mark.parametrize("seconds", [0.5, 8.0, 9.0])
def test_an_instant_that_comes_in_time_is_waited_for(seconds: float) -> None:
    harness = Refreshing()
    held(harness, deadline=timedelta(seconds=60), retry=timedelta(seconds=seconds))

    harness.refresh()

    assert seconds <= sum(harness.clock.slept) <= seconds + 0.11
    assert harness.refresh_token == "refresh-2"


@pytest.mark.parametrize("seconds", [9.1, 30.5])
def test_nobody_waits_for_an_instant_that_comes_too_late(seconds: float) -> None:
    harness = Refreshing()
    held(harness, deadline=timedelta(seconds=60), retry=timedelta(seconds=seconds))

    error = refused(harness)

    assert isinstance(error, TemporarilyUnavailableError)
    assert error.retry_after_seconds == int(seconds) + 1
    assert harness.clock.slept == []


def test_a_holder_is_not_waited_for_without_the_time_to_refresh_after_it() -> None:
    harness = Refreshing()
    held(harness, deadline=timedelta(seconds=60))

    error = refused(harness, time_left=bounds.EXCHANGE_NEEDS)

    assert error.rule == CONNECTION_BUSY
    assert harness.clock.slept == []


def test_a_retry_that_died_too_costs_the_consent_and_is_told_once() -> None:
    harness = Refreshing()
    held(harness, deadline=-bounds.CLOCK_SKEW, is_retry=True)

    errors = [refused(harness) for _ in range(2)]

    assert [(type(error), error.rule) for error in errors] == [
        (ConsentRequiredError, "connection.lost")
    ] * 2
    assert harness.events == [ConnectionEvent(ConnectionEventType.LOST, KEY, "holder_gone_twice")]


def test_a_token_that_the_provider_refuses_costs_the_consent_and_is_told() -> None:
    harness = Refreshing()
    harness.rotating.is_revoked = True

    error = refused(harness)

    assert (type(error), error.rule) == (ConsentRequiredError, "connection.lost")
    assert harness.events == [ConnectionEvent(ConnectionEventType.LOST, KEY, "refused")]


@pytest.mark.parametrize("consent", [None, replace(CONSENT, consent_id="consent-2")])
def test_what_was_decided_of_another_consent_is_not_refreshed(consent: object) -> None:
    harness = Refreshing()
    harness.connections.seed(Connection(key=KEY, consent=consent, number=1))  # type: ignore[arg-type]
    refresh_request = replace(harness.refresh_request(), consent_id="consent-1")

    with pytest.raises(TokenVendError) as caught:
        harness.refresher().refresh(refresh_request)

    wanted = "connection.active" if consent is None else CONNECTION_BUSY
    assert caught.value.rule == wanted
    assert harness.rotating.requests == []


def test_a_connection_that_is_gone_is_not_refreshed() -> None:
    harness = Refreshing()
    harness.connections.delete(KEY)

    error = refused(harness)

    assert (type(error), error.rule) == (ConsentRequiredError, "connection.active")


def test_a_provider_that_does_not_answer_says_so() -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.NOT_HEARD)

    error = refused(harness)

    assert (error.rule, error.description) == (
        *(PROVIDER_AWAY, "The provider did not answer in time."),
    )
    journal_entry = harness.connection.journal_entry
    assert journal_entry is not None
    assert journal_entry.retry_at == journal_entry.deadline_at + bounds.CLOCK_SKEW


def test_a_busy_provider_is_tried_again_after_what_it_asked_for() -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.TOO_MANY)

    error = refused(harness)

    assert isinstance(error, TemporarilyUnavailableError)
    assert error.retry_after_seconds == 7
    journal_entry = harness.connection.journal_entry
    assert journal_entry is not None
    assert journal_entry.retry_at == harness.clock.now() + timedelta(seconds=7)


class Refuses:
    """A provider that refuses everything for a reason of its own."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        del request
        return json_response({"error": "invalid_scope"}, status=400)


def test_a_refusal_of_something_else_lets_another_try_in_a_second() -> None:
    harness = Refreshing()
    harness.provider = Refuses()  # type: ignore[assignment]

    error = refused(harness)

    assert isinstance(error, ProviderRefusedError)
    assert error.provider_error == "invalid_scope"
    journal_entry = harness.connection.journal_entry
    assert journal_entry is not None
    assert journal_entry.retry_at == harness.clock.now() + timedelta(seconds=1)


def test_a_successor_that_cannot_be_kept_is_tried_until_the_invocation_ends_and_told() -> None:
    harness = Refreshing()
    harness.rotating.interrupt = lambda: setattr(harness.connections, "is_away", True)
    started = harness.clock.monotonic()

    error = refused(harness)

    waited = harness.clock.monotonic() - started
    assert (error.rule, error.description) == (
        *("store.away", "The connections table does not answer; ask again."),
    )
    assert 19 <= waited <= 19.3
    assert harness.events == [ConnectionEvent(ConnectionEventType.NOT_STORED, KEY, "store.away")]


def test_a_table_that_is_away_before_anything_is_sent_gives_the_turn_back_at_once() -> None:
    harness = Refreshing()
    begin = harness.connections.begin_redemption

    def written_and_not_heard(before: Connection, journal_entry: JournalEntry) -> Connection | None:
        begin(before, journal_entry)
        raise StoreAwayError("no answer")

    harness.connections.begin_redemption = written_and_not_heard  # type: ignore[method-assign]

    assert refused(harness).rule == "store.away"
    harness.connections.begin_redemption = begin  # type: ignore[method-assign]
    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1"]
    assert harness.events == []


def test_a_refresh_of_a_connection_asks_by_its_own_definition() -> None:
    harness = Refreshing()

    harness.refresher().refresh(harness.refresh_request(requested_scopes=frozenset({"jobs_read"})))

    (request,) = harness.rotating.requests
    assert request.url == DEFINITION.token_endpoint
    assert request.form["scope"] == "jobs_read"
