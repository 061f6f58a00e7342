"""A refresh when the provider, the secret or the table is away."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.rotating_provider import Fault, RotatingProvider
from tests.unit.consent.crashing import UNTIL_DEAD, Answers
from tests.unit.consent.refreshing import CONSENT, DEFINITION, Refreshing

from tokenvend.domain.errors import (
    CredentialNotReadyError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.refresh_tokens.connection_events import ConnectionEventType


@pytest.mark.parametrize("fault", [Fault.NOT_HEARD, Fault.BUSY])
def test_an_outage_of_the_provider_costs_no_consent(fault: Fault) -> None:
    harness = Refreshing()
    harness.rotating.faults.extend([fault] * 50)

    while harness.rotating.faults:
        with pytest.raises(TemporarilyUnavailableError):
            harness.refresh()
        harness.clock.advance(timedelta(seconds=10))
    harness.clock.advance(UNTIL_DEAD)
    harness.refresh()

    assert harness.refresh_token == "refresh-2"
    assert harness.rotating.redeemed == ["refresh-1"]
    assert harness.events == []


def test_after_a_time_out_nobody_asks_before_the_first_request_is_surely_over() -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.ANSWER_LOST)
    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()

    # A request waits for what comes within its own time, so it is asked up to then.
    while (left := UNTIL_DEAD - (harness.clock.now() - CONSENT.connected_at)) > timedelta(
        seconds=9
    ):
        with pytest.raises(TemporarilyUnavailableError) as caught:
            harness.refresh()
        assert len(harness.rotating.redeemed) == 1
        assert caught.value.retry_after_seconds >= left.total_seconds()
        harness.clock.advance(timedelta(seconds=7))


def test_too_many_requests_costs_the_wait_that_was_asked_for_and_no_more() -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.TOO_MANY)
    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()
    harness.clock.advance(timedelta(seconds=7))

    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1"]
    assert harness.refresh_token == "refresh-2"


def retry_delay(harness: Refreshing) -> timedelta:
    """How long the journal keeps the refresh token after a refresh that failed."""
    with pytest.raises(TokenVendError):
        harness.refresh()
    journal_entry = harness.connection.journal_entry
    assert journal_entry is not None
    assert journal_entry.retry_at is not None
    return journal_entry.retry_at - harness.clock.now()


def test_a_refresh_token_waits_as_long_as_the_provider_says() -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.TOO_MANY)

    assert retry_delay(harness) == timedelta(seconds=7)


def test_a_refresh_token_waits_a_second_after_a_refusal_of_something_else() -> None:
    harness = Refreshing()
    harness.provider = Answers({"error": "invalid_client"}, status=401)  # type: ignore[assignment]

    assert retry_delay(harness) == timedelta(seconds=1)


def test_a_refresh_token_waits_a_second_where_the_secret_is_missing() -> None:
    harness = Refreshing()
    harness.secrets.secrets.clear()

    assert retry_delay(harness) == timedelta(seconds=1)


def test_an_answer_that_is_none_is_no_word_on_the_token() -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))
    harness.rotating.faults.append(Fault.GARBLED)
    with pytest.raises(ProviderRefusedError):
        harness.refresh()
    harness.clock.advance(UNTIL_DEAD)

    harness.refresh()

    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, "invalid_client"),
        (400, "unauthorized_client"),
        (400, "invalid_request"),
        (400, "invalid_scope"),
        (403, None),
        (404, None),
    ],
)
def test_a_refusal_of_something_else_leaves_the_token_alone(status: int, error: str | None) -> None:
    harness = Refreshing()
    changes: dict[str, object] = {"error": error} if error else {}
    harness.provider = Answers(changes, status=status)  # type: ignore[assignment]
    with pytest.raises(ProviderRefusedError):
        harness.refresh()
    harness.provider = harness.rotating  # type: ignore[assignment]
    harness.clock.advance(timedelta(seconds=1))

    harness.refresh()

    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


def test_a_missing_secret_leaves_the_token_alone() -> None:
    harness = Refreshing()
    secret = harness.secrets.secrets.pop(("jobs", None))
    with pytest.raises(CredentialNotReadyError):
        harness.refresh()
    harness.secrets.secrets["jobs", None] = secret
    harness.clock.advance(timedelta(seconds=1))

    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1"]


def test_the_token_goes_only_where_the_secret_may() -> None:
    harness = Refreshing(
        definition=replace(DEFINITION, token_endpoint="https://elsewhere.example/token")
    )

    with pytest.raises(CredentialNotReadyError):
        harness.refresh()

    assert harness.rotating.requests == []


def test_no_refresh_starts_while_the_table_is_away() -> None:
    harness = Refreshing()
    harness.connections.is_away = True

    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()

    assert harness.rotating.requests == []


def test_a_table_that_goes_away_meanwhile_is_tried_until_the_invocation_ends() -> None:
    harness = Refreshing()
    tries: list[float] = []

    def pause(_: object, seconds: float) -> None:
        tries.append(seconds)
        harness.clock.advance(timedelta(seconds=seconds))
        if len(tries) == 20:
            harness.connections.is_away = False

    harness.rotating.interrupt = lambda: setattr(harness.connections, "is_away", True)

    harness.parts(pause=pause).refresher.refresh(harness.refresh_request())

    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


def test_a_successor_that_cannot_be_kept_is_told_and_not_answered() -> None:
    harness = Refreshing()
    harness.rotating.interrupt = lambda: setattr(harness.connections, "is_away", True)

    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()

    assert harness.event_type() == [ConnectionEventType.NOT_STORED]


def test_a_throttled_write_of_the_successor_is_tried_again() -> None:
    harness = Refreshing()
    harness.rotating.interrupt = lambda: setattr(harness.connections, "is_throttled", True)

    def pause(_: object, seconds: float) -> None:
        del seconds
        harness.connections.is_throttled = False

    harness.parts(pause=pause).refresher.refresh(harness.refresh_request())

    assert harness.refresh_token == "refresh-2"
