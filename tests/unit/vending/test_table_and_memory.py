"""What an environment answers once its memory is no longer trusted: what the table says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.connecting.refreshing import GRANT as CONNECTION_GRANT
from tests.unit.connecting.refreshing import Refreshing
from tests.unit.vending.world import BILLING, DEFINITION, GRANT, INVOCATION, REQUEST, World

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.errors import (
    InvalidClientError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.lease import new_lease
from tokenvend.domain.registry import ALL_TENANTS, Observation
from tokenvend.domain.renewal import slot_of
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreThrottledError, TokenItem

AFTER_TRUST = timedelta(seconds=31)
MANAGE = frozenset({"jobs_manage"})


def refused(world: World, *, time_left: timedelta = INVOCATION) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        world.environment().vend(BILLING, REQUEST, time_left=time_left)
    return caught.value


def test_a_token_that_another_environment_has_put_is_answered() -> None:
    world = World()
    environment = world.environment()
    first = world.vend(environment).answer.token
    item = world.tokens.read(world.vend(environment).decision.key)
    another = replace(first, access_token=Secret("another"))
    world.tokens.seed(world.vend(environment).decision.key, replace(item, token=another))
    world.clock.advance(AFTER_TRUST)

    assert world.vend(environment).answer.token.access_token == Secret("another")


def test_a_grant_that_changed_gets_no_token_of_what_it_was() -> None:
    world = World()
    environment = world.environment()
    world.vend(environment)
    world.reader.grants[BILLING.identity, "jobs"] = replace(GRANT, scopes=MANAGE)
    world.clock.advance(AFTER_TRUST)

    answer = world.vend(environment).answer

    assert (answer.source, answer.token.scopes) == (Source.PROVIDER, MANAGE)
    assert world.provider.exchanges == 2


def test_a_busy_table_is_read_again_by_the_next_request() -> None:
    world = World()
    environment = world.environment()
    world.vend(environment)
    world.clock.advance(AFTER_TRUST)
    world.reader.fails_with = StoreThrottledError("busy")
    world.reader.lookups.clear()

    for _ in range(3):
        assert world.vend(environment).answer.source is Source.MEMORY

    assert len(world.reader.lookups) == 3


@pytest.mark.parametrize(("time_left", "most"), [(timedelta(seconds=5), 4.0), (INVOCATION, 12.0)])
def test_a_busy_token_is_waited_for_until_there_is_time_left_to_say_so(
    time_left: timedelta, most: float
) -> None:
    world = World()
    world.tokens.is_throttled = True

    error = refused(world, time_left=time_left)

    assert isinstance(error, TemporarilyUnavailableError)
    assert error.rule == "store.away"
    assert most - 2 <= sum(world.clock.slept) <= most


def held_by_another(world: World, *, expected: float) -> None:
    key, now = world.vend(world.environment()).decision.key, world.clock.now()
    lease = new_lease(
        now=now, dies_at=now + timedelta(hours=1), expected=timedelta(seconds=expected)
    )
    world.tokens.seed(key, TokenItem(lease=lease))
    world.clock.slept.clear()


def test_a_waiter_first_sleeps_until_the_holder_expects_to_be_done() -> None:
    world = World()
    held_by_another(world, expected=0.7)

    refused(world)

    assert world.clock.slept[0] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("left", "is_waited"), [(timedelta(0), True), (-timedelta(seconds=0.25), False)]
)
def test_a_waiter_waits_while_there_is_time_to_say_so(left: timedelta, *, is_waited: bool) -> None:
    world = World()
    held_by_another(world, expected=0.1)

    error = refused(world, time_left=bounds.ANSWER_NEEDS + left)

    assert error.rule == "lease.wait"
    assert (world.clock.slept != []) is is_waited


def test_a_provider_that_does_not_answer_is_said_in_words() -> None:
    world = World()
    world.provider.is_away = True

    assert refused(world).description == "The provider did not answer in time."


def test_a_client_that_was_nobody_a_moment_ago_is_refused_by_the_same_rule() -> None:
    nobody = Proof(Entry.OAUTH2, "client:nobody", client_secret=Secret("guess"))
    world = World()
    environment = world.environment()
    rules = []
    for _ in range(2):
        with pytest.raises(InvalidClientError) as caught:
            environment.vend(nobody, REQUEST, time_left=INVOCATION)
        rules.append(caught.value.rule)

    assert rules == [Rule.CALLER_KNOWN] * 2
    assert len(world.reader.lookups) == 1


def test_an_observed_scope_is_vended_while_it_is_observed() -> None:
    world = World()
    until = world.clock.now() + timedelta(minutes=1)
    world.reader.grants[BILLING.identity, "jobs"] = replace(
        GRANT, observation=Observation(scopes=MANAGE, until=until)
    )
    asks = replace(REQUEST, scopes=MANAGE)

    assert world.vend(world.environment(), asks).decision.observed_scopes == MANAGE
    world.clock.advance(timedelta(minutes=1))
    with pytest.raises(TokenVendError) as caught:
        world.vend(world.environment(), asks)
    assert caught.value.rule == Rule.SCOPES


def test_an_observed_scope_of_a_connection_is_vended_while_it_is_observed() -> None:
    until = World().clock.now() + timedelta(minutes=1)
    observation = Observation(scopes=MANAGE, until=until)
    world = Refreshing(
        grant=replace(CONNECTION_GRANT, scopes=frozenset({"jobs_read"}), observation=observation)
    )
    asks = replace(REQUEST, connection="acme", scopes=MANAGE)

    assert world.vend(world.environment(), asks).decision.observed_scopes == MANAGE


def test_a_tenants_secret_that_a_renewal_cannot_use_is_kept_as_that_tenants() -> None:
    world = World(
        definition=replace(DEFINITION, family=True), grant=replace(GRANT, tenants=ALL_TENANTS)
    )
    world.secrets.secrets["jobs", "acme"] = world.secrets.secrets.pop(("jobs", None))
    vended = world.vend(world.environment(), replace(REQUEST, tenant="acme"))
    world.clock.advance(timedelta(seconds=1800 * 0.85))
    slot = slot_of(vended.decision.key, world.clock.now())
    world.tokens.schedule_renewal(vended.decision.key, vended.answer.token, slot)
    world.secrets.secrets.clear()

    dies = world.clock.monotonic() + 20
    world.parts().renewer.renew(slot, vended.decision.key, dies=dies)

    assert world.states.state("jobs", "acme").not_ready_for == {ScheduledReader.RENEWAL}
    assert world.states.state("jobs").not_ready_for == frozenset()
