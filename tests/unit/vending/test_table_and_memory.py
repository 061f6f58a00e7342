"""What an environment answers once its memory is no longer trusted: what the table says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.consent.refreshing import GRANT as CONNECTION_GRANT
from tests.unit.consent.refreshing import Refreshing
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, INVOCATION, REQUEST, Harness

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.errors import (
    InvalidClientError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.lease import new_lease
from tokenvend.domain.registry import ALL_TENANTS, Observation
from tokenvend.domain.renewal import slot_of
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreThrottledError, TokenItem

AFTER_TRUST = timedelta(seconds=31)
MANAGE = frozenset({"jobs_manage"})


def refused(harness: Harness, *, time_left: timedelta = INVOCATION) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        harness.environment().vend(BILLING, REQUEST, time_left=time_left)
    return caught.value


def test_a_token_that_another_environment_has_put_is_answered() -> None:
    harness = Harness()
    environment = harness.environment()
    first = harness.vend(environment).answer.token
    item = harness.tokens.read(harness.vend(environment).decision.key)
    another = replace(first, access_token=Secret("another"))
    harness.tokens.seed(harness.vend(environment).decision.key, replace(item, token=another))
    harness.clock.advance(AFTER_TRUST)

    assert harness.vend(environment).answer.token.access_token == Secret("another")


def test_a_grant_that_changed_gets_no_token_of_what_it_was() -> None:
    harness = Harness()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.grants[BILLING.identity, "jobs"] = replace(GRANT, scopes=MANAGE)
    harness.clock.advance(AFTER_TRUST)

    answer = harness.vend(environment).answer

    assert (answer.source, answer.token.scopes) == (Source.PROVIDER, MANAGE)
    assert harness.provider.exchanges == 2


def test_a_busy_table_is_read_again_by_the_next_request() -> None:
    harness = Harness()
    environment = harness.environment()
    harness.vend(environment)
    harness.clock.advance(AFTER_TRUST)
    harness.reader.fails_with = StoreThrottledError("busy")
    harness.reader.lookups.clear()

    for _ in range(3):
        assert harness.vend(environment).answer.source is Source.MEMORY

    assert len(harness.reader.lookups) == 3


@pytest.mark.parametrize(("time_left", "most"), [(timedelta(seconds=5), 4.0), (INVOCATION, 12.0)])
def test_a_busy_token_is_waited_for_until_there_is_time_left_to_say_so(
    time_left: timedelta, most: float
) -> None:
    harness = Harness()
    harness.tokens.is_throttled = True

    error = refused(harness, time_left=time_left)

    assert isinstance(error, TemporarilyUnavailableError)
    assert error.rule == "store.away"
    assert most - 2 <= sum(harness.clock.slept) <= most


def held_by_another(harness: Harness, *, expected: float) -> None:
    key, now = harness.vend(harness.environment()).decision.key, harness.clock.now()
    lease = new_lease(
        now=now, deadline_at=now + timedelta(hours=1), expected_duration=timedelta(seconds=expected)
    )
    harness.tokens.seed(key, TokenItem(lease=lease))
    harness.clock.slept.clear()


def test_a_waiter_first_sleeps_until_the_holder_expects_to_be_done() -> None:
    harness = Harness()
    held_by_another(harness, expected=0.7)

    refused(harness)

    assert harness.clock.slept[0] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("left", "is_waited"), [(timedelta(0), True), (-timedelta(seconds=0.25), False)]
)
def test_a_waiter_waits_while_there_is_time_to_say_so(left: timedelta, *, is_waited: bool) -> None:
    harness = Harness()
    held_by_another(harness, expected=0.1)

    error = refused(harness, time_left=bounds.ANSWER_NEEDS + left)

    assert error.rule == "lease.wait"
    assert (harness.clock.slept != []) is is_waited


def test_a_provider_that_does_not_answer_is_said_in_words() -> None:
    harness = Harness()
    harness.provider.is_away = True

    assert refused(harness).description == "The provider did not answer in time."


def test_a_client_that_was_nobody_a_moment_ago_is_refused_by_the_same_rule() -> None:
    nobody = Proof(EntryPoint.OAUTH2, "client:nobody", client_secret=Secret("guess"))
    harness = Harness()
    environment = harness.environment()
    rules = []
    for _ in range(2):
        with pytest.raises(InvalidClientError) as caught:
            environment.vend(nobody, REQUEST, time_left=INVOCATION)
        rules.append(caught.value.rule)

    assert rules == [Rule.CALLER_KNOWN] * 2
    assert len(harness.reader.lookups) == 1


def test_an_observed_scope_is_vended_while_it_is_observed() -> None:
    harness = Harness()
    until = harness.clock.now() + timedelta(minutes=1)
    harness.reader.grants[BILLING.identity, "jobs"] = replace(
        GRANT, observation=Observation(scopes=MANAGE, until=until)
    )
    asks = replace(REQUEST, scopes=MANAGE)

    assert harness.vend(harness.environment(), asks).decision.observed_scopes == MANAGE
    harness.clock.advance(timedelta(minutes=1))
    with pytest.raises(TokenVendError) as caught:
        harness.vend(harness.environment(), asks)
    assert caught.value.rule == Rule.SCOPES


def test_an_observed_scope_of_a_connection_is_vended_while_it_is_observed() -> None:
    until = Harness().clock.now() + timedelta(minutes=1)
    observation = Observation(scopes=MANAGE, until=until)
    harness = Refreshing(
        grant=replace(CONNECTION_GRANT, scopes=frozenset({"jobs_read"}), observation=observation)
    )
    asks = replace(REQUEST, connection="acme", scopes=MANAGE)

    assert harness.vend(harness.environment(), asks).decision.observed_scopes == MANAGE


def test_a_tenants_secret_that_a_renewal_cannot_use_is_kept_as_that_tenants() -> None:
    harness = Harness(
        definition=replace(DEFINITION, family=True), grant=replace(GRANT, tenants=ALL_TENANTS)
    )
    harness.secrets.secrets["jobs", "acme"] = harness.secrets.secrets.pop(("jobs", None))
    vended = harness.vend(harness.environment(), replace(REQUEST, tenant="acme"))
    harness.clock.advance(timedelta(seconds=1800 * 0.85))
    slot = slot_of(vended.decision.key, harness.clock.now())
    harness.tokens.schedule_renewal(vended.decision.key, vended.answer.token, slot)
    harness.secrets.secrets.clear()

    deadline = harness.clock.monotonic() + 20
    harness.parts().renewer.renew(slot, vended.decision.key, deadline=deadline)

    assert harness.states.state("jobs", "acme").not_ready_for == {ScheduledReader.RENEWAL}
    assert harness.states.state("jobs").not_ready_for == frozenset()
