"""A blocked connection: nothing of it is vended, asked for or sent; it may be ended."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.fakes.vend_reader import InMemoryCredentialReader
from tests.unit.consent.harness import Harness
from tests.unit.consent.refreshing import KEY, Refreshing
from tests.unit.vending.harness import BILLING

from tokenvend.consent.caller_connections import Disconnected, FoundConnections
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import TokenVendError, UnauthorizedClientError
from tokenvend.domain.registry import EVERY_OWNER, RegistryView
from tokenvend.domain.request import RejectionReport, VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.schedules.keep_alive import KeepAlive, KeepAliveOutcome

REQUEST = VendRequest("jobs", connection="acme")
DAY = timedelta(days=1)


def refused_by(act: Callable[[], object]) -> str:
    with pytest.raises(UnauthorizedClientError) as caught:
        act()
    return caught.value.rule


def test_a_block_ends_vending_within_memorys_trust_and_lifting_it_resumes() -> None:
    harness = Refreshing()
    environment = harness.environment()
    harness.vend(environment, REQUEST)
    harness.reader.blocked.add(str(KEY))

    trusted = harness.vend(environment, REQUEST)
    harness.clock.advance(timedelta(seconds=31))
    refused = refused_by(lambda: harness.vend(environment, REQUEST))
    harness.reader.blocked.clear()

    assert trusted.answer.source == "memory"
    assert refused == Rule.CONNECTION_BLOCKED
    assert harness.vend(environment, REQUEST).answer.token == trusted.answer.token
    assert harness.rotating.redeemed == ["refresh-1"]


def test_a_cold_environment_refuses_by_the_one_read_that_decides() -> None:
    harness = Refreshing()
    harness.reader.blocked.add(str(KEY))

    assert (
        refused_by(lambda: harness.vend(harness.environment(), REQUEST)) == Rule.CONNECTION_BLOCKED
    )
    assert [lookup.connection for lookup in harness.reader.lookups] == ["acme"]
    assert harness.rotating.requests == []


def test_the_owner_need_not_be_named_and_another_owners_is_not_blocked() -> None:
    harness = Refreshing()
    harness.reader.blocked.add("jobs/payroll/acme")
    harness.vend(harness.environment(), REQUEST)

    harness.reader.blocked.add(str(KEY))
    named = VendRequest("jobs", connection="billing/acme")

    assert refused_by(lambda: harness.vend(harness.environment(), named)) == Rule.CONNECTION_BLOCKED


def test_a_block_that_does_not_say_whose_is_everybodys() -> None:
    view = RegistryView(blocked_owners=EVERY_OWNER)

    assert view.is_connection_blocked("billing")
    assert not RegistryView().is_connection_blocked("billing")


def test_a_report_of_a_refused_token_is_refused() -> None:
    harness = Refreshing()
    sha256 = harness.vend(harness.environment(), REQUEST).answer.token.access_token.sha256
    harness.reader.blocked.add(str(KEY))

    assert (
        refused_by(
            lambda: harness.parts().rejection_recorder.reject(
                BILLING, RejectionReport(REQUEST, sha256)
            )
        )
        == Rule.CONNECTION_BLOCKED
    )


def test_an_idle_one_is_not_refreshed_until_the_block_is_lifted() -> None:
    harness = Refreshing()
    keep_alive = KeepAlive(
        connections=harness.connections,
        credentials=InMemoryCredentialReader(harness.reader),
        states=harness.reader.states,
        refresher=harness.refresher(),
        clock=harness.clock,
    )

    def outcomes() -> list[KeepAliveOutcome]:
        return [each.outcome for each in keep_alive.run(deadline=harness.clock.monotonic() + 55)]

    harness.clock.advance(20 * DAY)
    harness.reader.blocked.add(str(KEY))
    while_blocked = outcomes()
    harness.reader.blocked.clear()

    assert while_blocked == []
    assert outcomes() == [KeepAliveOutcome.REFRESHED]


STEPS = ("start", "page", "continue", "callback", "complete")


@pytest.mark.parametrize("step", STEPS)
def test_no_step_of_a_consent_goes_on(step: str) -> None:
    harness = Harness()
    link = harness.start()
    redirect = harness.depart()
    harness.consent()
    returned = harness.connect()
    acts: dict[str, Callable[[], object]] = {
        "start": harness.start,
        "page": lambda: harness.pages.show(link),
        "continue": lambda: harness.pages.proceed(link),
        "callback": lambda: harness.come_back(redirect),
        "complete": lambda: harness.complete(returned),
    }
    harness.reader.blocked.add("hiring/shop/ada")

    assert refused_by(acts[step]) == Rule.CONNECTION_BLOCKED


def test_another_connection_of_the_caller_goes_on() -> None:
    harness = Harness()
    harness.reader.blocked.add("hiring/shop/ada")

    assert isinstance(harness.complete(harness.connect(connection="grace")), Connection)


def test_its_caller_may_look_at_it_and_end_it() -> None:
    harness = Harness()
    harness.complete(harness.connect())
    harness.reader.blocked.add("hiring/shop/ada")

    listed = harness.run(Action.LIST)
    shown = harness.run(Action.INSPECT, connection="ada")
    ended = harness.run(Action.DISCONNECT, connection="ada")

    assert isinstance(listed, FoundConnections)
    assert listed.connections == [shown]
    assert isinstance(ended, Disconnected)


def test_the_caller_is_not_told_that_it_is_a_block() -> None:
    harness = Refreshing()
    harness.reader.blocked.add(str(KEY))

    with pytest.raises(TokenVendError) as caught:
        harness.vend(harness.environment(), REQUEST)

    assert caught.value.code == "unauthorized_client"
    assert "block" not in caught.value.description
