"""The tokens table fails while a token is being had: what is answered, and what is said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.harness import BILLING, INVOCATION, REQUEST, Harness

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.ports import Clock, TokenItem
from tokenvend.vending.lease_wait import Pause

OVERDUE = timedelta(seconds=1800 * 0.92)


def with_overdue_token() -> Harness:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(OVERDUE)
    return harness


def key_of(harness: Harness) -> str:
    return harness.vend(harness.environment()).decision.key


def test_a_valid_token_is_answered_where_no_lease_can_be_written_and_the_trouble_is_told() -> None:
    harness = with_overdue_token()
    harness.tokens.refuses_writes = True

    vended = harness.vend(harness.environment())

    assert vended.answer.source is Source.STORE
    assert vended.failed is not None
    assert vended.failed.rule == "store.away"
    assert vended.failed.description == "The token store does not answer; ask again."
    assert harness.provider.exchanges == 1


def test_without_a_valid_token_it_is_said() -> None:
    harness = Harness()
    harness.tokens.refuses_writes = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "store.away"
    assert caught.value.description == "The token store does not answer; ask again."
    assert harness.provider.exchanges == 0


def test_a_token_that_an_api_refused_beats_none() -> None:
    harness = Harness()
    key = key_of(harness)
    item = harness.tokens.read(key)
    harness.tokens.seed(key, replace(item, is_rejected=True))
    harness.tokens.refuses_writes = True

    vended = harness.vend(harness.environment())

    assert vended.answer.token == item.token
    assert vended.failed is not None


def taking(harness: Harness, seconds: float) -> Callable[..., TokenItem | None]:
    """A lease that is lost, after so long: somebody else had it, and has ended it."""
    acquire = harness.tokens.acquire_lease

    def lost(key: str, lease: Lease, *, instead_of: Lease | None) -> TokenItem | None:
        del key, lease, instead_of
        harness.tokens.acquire_lease = acquire  # type: ignore[method-assign]
        harness.clock.advance(timedelta(seconds=seconds))
        return None

    return lost


def test_a_token_that_runs_out_while_a_lease_is_lost_is_replaced_after_all() -> None:
    harness = with_overdue_token()
    harness.clock.advance(timedelta(seconds=1800 * 0.08 - 30 - 1))
    harness.tokens.acquire_lease = taking(harness, 2)  # type: ignore[method-assign]

    vended = harness.vend(harness.environment())

    assert vended.answer.source is Source.PROVIDER
    assert not vended.answer.token.is_expired(harness.clock.now())


def test_a_token_that_lasts_is_answered_when_a_lease_is_lost() -> None:
    harness = with_overdue_token()
    harness.tokens.acquire_lease = taking(harness, 2)  # type: ignore[method-assign]

    vended = harness.vend(harness.environment())

    assert vended.answer.source is Source.STORE
    assert vended.failed is None


def gets_busy(harness: Harness) -> Pause:
    """A pause after which the table asks for patience."""

    def pause(clock: Clock, seconds: float) -> None:
        clock.sleep(seconds)
        harness.tokens.is_throttled = True

    return pause


@pytest.mark.parametrize(
    ("time_left", "waited"),
    [(timedelta(seconds=5), timedelta(seconds=4)), (INVOCATION, bounds.LEASE_WAIT)],
)
def test_a_table_that_gets_busy_while_a_request_waits_is_not_waited_for_any_longer(
    time_left: timedelta, waited: timedelta
) -> None:
    harness = Harness()
    key, now = key_of(harness), harness.clock.now()
    held = new_lease(
        now=now, deadline_at=now + timedelta(hours=1), expected_duration=timedelta(seconds=1)
    )
    harness.tokens.seed(key, TokenItem(lease=held))
    environment = harness.environment(pause=gets_busy(harness))
    started = harness.clock.monotonic()

    with pytest.raises(TemporarilyUnavailableError) as caught:
        environment.vend(BILLING, REQUEST, time_left=time_left)

    assert caught.value.rule == "store.away"
    took = timedelta(seconds=harness.clock.monotonic() - started)
    assert waited - timedelta(seconds=2) <= took <= waited


def test_who_gives_up_says_that_another_is_at_it() -> None:
    harness = Harness()
    harness.tokens.acquire_lease = lambda *_, **__: None  # type: ignore[method-assign]

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "lease.wait"
    assert caught.value.description == (
        "Another request is fetching this token and is not done yet; ask again."
    )
