"""A refresh at each instant where something changes, and what is said of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import Fault
from tests.unit.connecting.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.connecting.events import ConnectionEvent, Happened
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, Spending
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

INSTANT = timedelta(milliseconds=1)
BUSY = "Another request is refreshing this connection; ask again."


def refused(world: Refreshing, *, time_left: timedelta = timedelta(seconds=20)) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        world.refresher().refresh(world.order(time_left=time_left))
    return caught.value


def held(
    world: Refreshing, *, dies: timedelta, retry: timedelta | None = None, is_retry: bool = False
) -> Spending:
    """Somebody else's entry in the journal."""
    now = world.clock.now()
    spending = Spending(
        number=1,
        holder_id="another",
        dies_at=now + dies,
        is_retry=is_retry,
        retry_at=None if retry is None else now + retry,
    )
    world.connections.seed(replace(world.connection, spending=spending))
    return spending


def test_a_refresh_starts_if_it_can_end_within_the_invocation() -> None:
    world = Refreshing()

    error = refused(world, time_left=bounds.EXCHANGE_NEEDS - INSTANT)

    assert isinstance(error, TemporarilyUnavailableError)
    assert (error.rule, error.retry_after_seconds, error.description) == (CONNECTION_BUSY, 1, BUSY)
    assert world.connection.spending is None
    world.refresher().refresh(world.order(time_left=bounds.EXCHANGE_NEEDS))
    assert world.refresh_token == "refresh-2"


def test_a_holder_that_works_is_waited_for_while_there_is_time_to_refresh_after_it() -> None:
    world = Refreshing()
    held(world, dies=timedelta(seconds=60))
    started = world.clock.monotonic()

    error = refused(world)

    waited = timedelta(seconds=world.clock.monotonic() - started)
    most = timedelta(seconds=20) - bounds.EXCHANGE_NEEDS
    assert isinstance(error, TemporarilyUnavailableError)
    assert (error.rule, error.retry_after_seconds) == (CONNECTION_BUSY, 1)
    assert most <= waited <= most + timedelta(seconds=0.2)
    assert world.rotating.requests == []


@pytest.mark.parametrize("seconds", [0.5, 8.0, 9.0])
def test_an_instant_that_comes_in_time_is_waited_for(seconds: float) -> None:
    world = Refreshing()
    held(world, dies=timedelta(seconds=60), retry=timedelta(seconds=seconds))

    world.refresh()

    assert seconds <= sum(world.clock.slept) <= seconds + 0.11
    assert world.refresh_token == "refresh-2"


@pytest.mark.parametrize("seconds", [9.1, 30.5])
def test_nobody_waits_for_an_instant_that_comes_too_late(seconds: float) -> None:
    world = Refreshing()
    held(world, dies=timedelta(seconds=60), retry=timedelta(seconds=seconds))

    error = refused(world)

    assert isinstance(error, TemporarilyUnavailableError)
    assert error.retry_after_seconds == int(seconds) + 1
    assert world.clock.slept == []


def test_a_holder_is_not_waited_for_without_the_time_to_refresh_after_it() -> None:
    world = Refreshing()
    held(world, dies=timedelta(seconds=60))

    error = refused(world, time_left=bounds.EXCHANGE_NEEDS)

    assert error.rule == CONNECTION_BUSY
    assert world.clock.slept == []


def test_a_retry_that_died_too_costs_the_consent_and_is_told_once() -> None:
    world = Refreshing()
    held(world, dies=-bounds.CLOCK_SKEW, is_retry=True)

    errors = [refused(world) for _ in range(2)]

    assert [(type(error), error.rule) for error in errors] == [
        (ConsentRequiredError, "connection.lost")
    ] * 2
    assert world.events == [ConnectionEvent(Happened.LOST, KEY, "died_twice")]


def test_a_token_that_the_provider_refuses_costs_the_consent_and_is_told() -> None:
    world = Refreshing()
    world.rotating.is_revoked = True

    error = refused(world)

    assert (type(error), error.rule) == (ConsentRequiredError, "connection.lost")
    assert world.events == [ConnectionEvent(Happened.LOST, KEY, "refused")]


@pytest.mark.parametrize("consent", [None, replace(CONSENT, consent_id="consent-2")])
def test_what_was_decided_of_another_consent_is_not_refreshed(consent: object) -> None:
    world = Refreshing()
    world.connections.seed(Connection(key=KEY, consent=consent, number=1))  # type: ignore[arg-type]
    order = replace(world.order(), consent_id="consent-1")

    with pytest.raises(TokenVendError) as caught:
        world.refresher().refresh(order)

    wanted = "connection.active" if consent is None else CONNECTION_BUSY
    assert caught.value.rule == wanted
    assert world.rotating.requests == []


def test_a_connection_that_is_gone_is_not_refreshed() -> None:
    world = Refreshing()
    world.connections.delete(KEY)

    error = refused(world)

    assert (type(error), error.rule) == (ConsentRequiredError, "connection.active")


def test_a_provider_that_does_not_answer_says_so() -> None:
    world = Refreshing()
    world.rotating.faults.append(Fault.NOT_HEARD)

    error = refused(world)

    assert (error.rule, error.description) == (
        *(PROVIDER_AWAY, "The provider did not answer in time."),
    )
    spending = world.connection.spending
    assert spending is not None
    assert spending.retry_at == spending.dies_at + bounds.CLOCK_SKEW


def test_a_busy_provider_is_tried_again_after_what_it_asked_for() -> None:
    world = Refreshing()
    world.rotating.faults.append(Fault.TOO_MANY)

    error = refused(world)

    assert isinstance(error, TemporarilyUnavailableError)
    assert error.retry_after_seconds == 7
    spending = world.connection.spending
    assert spending is not None
    assert spending.retry_at == world.clock.now() + timedelta(seconds=7)


class Refuses:
    """A provider that refuses everything for a reason of its own."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        del request
        return json_response({"error": "invalid_scope"}, status=400)


def test_a_refusal_of_something_else_lets_another_try_in_a_second() -> None:
    world = Refreshing()
    world.provider = Refuses()  # type: ignore[assignment]

    error = refused(world)

    assert isinstance(error, ProviderRefusedError)
    assert error.provider_error == "invalid_scope"
    spending = world.connection.spending
    assert spending is not None
    assert spending.retry_at == world.clock.now() + timedelta(seconds=1)


def test_a_successor_that_cannot_be_kept_is_tried_until_the_invocation_ends_and_told() -> None:
    world = Refreshing()
    world.rotating.interrupt = lambda: setattr(world.connections, "is_away", True)
    started = world.clock.monotonic()

    error = refused(world)

    waited = world.clock.monotonic() - started
    assert (error.rule, error.description) == (
        *("store.away", "The connections table does not answer; ask again."),
    )
    assert 19 <= waited <= 19.3
    assert world.events == [ConnectionEvent(Happened.NOT_KEPT, KEY, "store.away")]


def test_a_table_that_is_away_before_anything_is_sent_gives_the_turn_back_at_once() -> None:
    world = Refreshing()
    begin = world.connections.begin_spending

    def written_and_not_heard(before: Connection, spending: Spending) -> Connection | None:
        begin(before, spending)
        raise StoreAwayError("no answer")

    world.connections.begin_spending = written_and_not_heard  # type: ignore[method-assign]

    assert refused(world).rule == "store.away"
    world.connections.begin_spending = begin  # type: ignore[method-assign]
    world.refresh()

    assert world.rotating.spent == ["refresh-1"]
    assert world.events == []


def test_a_refresh_of_a_connection_asks_by_its_own_definition() -> None:
    world = Refreshing()

    world.refresher().refresh(world.order(asked=frozenset({"jobs_read"})))

    (request,) = world.rotating.requests
    assert request.url == DEFINITION.token_endpoint
    assert request.form["scope"] == "jobs_read"
