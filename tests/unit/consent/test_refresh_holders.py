"""Two holders of one refresh token: who waits, and whose answer counts."""

from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.crashing import UNTIL_DEAD, crashing
from tests.unit.consent.refreshing import CONSENT, Refreshing

from tokenvend.domain.connection import ConnectionStatus, JournalEntry
from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    ConsentRequiredError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.journal import Successor
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.refresh_tokens.connection_events import ConnectionEventType


def test_a_live_holder_is_never_raced() -> None:
    harness = Refreshing()
    crashing(harness, "in the request")

    while harness.clock.now() - CONSENT.connected_at < UNTIL_DEAD - timedelta(seconds=10):
        with pytest.raises(TemporarilyUnavailableError) as caught:
            harness.refresh()
        assert caught.value.rule == CONNECTION_BUSY

    assert harness.rotating.redeemed == ["refresh-1"]


def test_who_finds_it_being_redeemed_waits_and_redeems_the_next_one() -> None:
    harness = Refreshing()
    held = JournalEntry(
        number=1, holder_id="x", deadline_at=harness.clock.now() + timedelta(seconds=20)
    )
    harness.connections.begin_redemption(harness.connection, held)
    refresh_request, first = harness.refresh_request(), harness.connection
    successor = Successor(
        refresh_token=Secret("refresh-2"),
        scopes=None,
        refreshed_at=harness.clock.now(),
        refresh_expires_at=None,
    )
    harness.rotating.newest = 2
    waits: list[float] = []

    def pause(clock: object, seconds: float) -> None:
        del clock
        waits.append(seconds)
        if len(waits) == 3:
            harness.connections.finish_redemption(first, successor)

    harness.parts(pause=pause).refresher.refresh(refresh_request)

    assert harness.rotating.redeemed == ["refresh-2"]
    assert harness.refresh_token == "refresh-3"


def test_the_slow_holder_that_comes_back_after_another_took_over_heals_the_consent() -> None:
    """A's answer is on its way when A seems dead; B retries, is refused, and gives up; A ends."""
    harness = Refreshing()

    def another_takes_over() -> None:
        harness.rotating.interrupt = None
        harness.clock.advance(UNTIL_DEAD)
        with pytest.raises(ConsentRequiredError):
            harness.refresh()
        assert harness.connection.status is ConnectionStatus.CONSENT_LOST

    harness.rotating.interrupt = another_takes_over

    harness.refresh()

    assert harness.connection.status is ConnectionStatus.ACTIVE
    assert harness.refresh_token == "refresh-2"
    assert harness.event_type() == [ConnectionEventType.LOST]


def test_the_slow_holder_does_not_replace_what_its_taker_got() -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))

    def another_takes_over() -> None:
        harness.rotating.interrupt = None
        harness.clock.advance(UNTIL_DEAD)
        harness.refresh()
        harness.refresh()

    harness.rotating.interrupt = another_takes_over

    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1", "refresh-1", "refresh-2"]
    assert harness.refresh_token == "refresh-3"
    assert harness.events == []


def test_a_holder_whose_refusal_comes_late_does_not_lose_what_its_taker_keeps() -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))
    slow = harness.refresh_request()

    class RefusesSlowly:
        def send(self, request: ProviderRequest) -> ProviderResponse:
            del request
            harness.provider = harness.rotating  # type: ignore[assignment]
            harness.clock.advance(UNTIL_DEAD)
            harness.refresh()
            return json_response({"error": "invalid_grant"}, status=400)

    harness.provider = RefusesSlowly()  # type: ignore[assignment]
    with pytest.raises(ConsentRequiredError):
        harness.refresher().refresh(slow)

    assert harness.connection.status is ConnectionStatus.ACTIVE
    assert harness.refresh_token == "refresh-2"
    assert harness.events == []
