"""A crash or a time-out at every step of a refresh."""

import pytest
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.crashing import UNTIL_DEAD, crashing
from tests.unit.consent.refreshing import Refreshing

from tokenvend.domain.connection import ConnectionStatus
from tokenvend.domain.errors import (
    ConsentRequiredError,
)
from tokenvend.refresh_tokens.connection_events import ConnectionEventType


@pytest.mark.parametrize(
    ("where", "redeemed", "newest"),
    [
        pytest.param("before begin", ["refresh-1"], 2, id="before the journal is written"),
        pytest.param("after begin", ["refresh-1"], 2, id="before the token is sent"),
        pytest.param("after finish", ["refresh-1", "refresh-2"], 3, id="before it answers"),
    ],
)
def test_a_crash_before_the_token_is_sent_or_after_its_successor_is_kept_costs_nothing(
    where: str, redeemed: list[str], newest: int
) -> None:
    harness = Refreshing()
    crashing(harness, where)
    harness.clock.advance(UNTIL_DEAD)

    harness.refresh()

    assert harness.rotating.redeemed == redeemed
    assert harness.refresh_token == f"refresh-{newest}"
    assert harness.events == []


@pytest.mark.parametrize("where", ["in the request", "before finish"])
def test_accepted_and_never_heard_is_recovered_by_the_one_retry_where_there_is_grace(
    where: str,
) -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))
    crashing(harness, where)
    harness.clock.advance(UNTIL_DEAD)

    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1", "refresh-1"]
    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


@pytest.mark.parametrize("where", ["in the request", "before finish"])
def test_accepted_and_never_heard_is_one_lost_consent_and_no_loop_where_there_is_none(
    where: str,
) -> None:
    harness = Refreshing()
    crashing(harness, where)
    harness.clock.advance(UNTIL_DEAD)

    for _ in range(5):
        with pytest.raises(ConsentRequiredError):
            harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1", "refresh-1"]
    assert harness.connection.status is ConnectionStatus.CONSENT_LOST
    assert harness.event_type() == [ConnectionEventType.LOST]


def test_a_retry_that_dies_too_is_the_last_one() -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))
    crashing(harness, "in the request")
    harness.clock.advance(UNTIL_DEAD)
    crashing(harness, "in the request")
    harness.clock.advance(UNTIL_DEAD)

    for _ in range(5):
        with pytest.raises(ConsentRequiredError):
            harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1", "refresh-1"]
    assert harness.event_type() == [ConnectionEventType.LOST]
