"""What one request leaves for the next: a mark, a count, a word for what is missing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.connecting.refreshing import DEFINITION as CONSENTED
from tests.unit.connecting.refreshing import Refreshing
from tests.unit.vending.world import GRANT, REQUEST, World

from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.errors import ConsentRequiredError, InvalidScopeError, ProviderRefusedError
from tokenvend.domain.registry import Observation, ScopeMode
from tokenvend.domain.renewal import asked_from, slot_of
from tokenvend.domain.rule import Rule
from tokenvend.vending.checks import check_scopes_given
from tokenvend.vending.renew import Outcome

INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(("before", "marked"), [(INSTANT, False), (timedelta(0), True)])
def test_a_token_is_marked_as_in_use_from_its_instant_on(
    before: timedelta, *, marked: bool
) -> None:
    world = World()
    vended = world.vend(world.environment())
    world.clock.set_wall(asked_from(vended.decision.key, vended.answer.token) - before)

    world.vend(world.environment())

    assert world.tokens.read(vended.decision.key).is_asked is marked
    assert (world.tokens.slots() != []) is marked


def test_a_refused_credential_waits_longer_whichever_token_meets_it() -> None:
    world = World(grant=replace(GRANT, audiences=frozenset({"urn:api", "urn:other"})))
    counts = []
    for audience in ("urn:api", "urn:other", "urn:api"):
        world.provider.script(json_response({"error": "invalid_client"}, status=401))
        with pytest.raises(ProviderRefusedError):
            world.vend(world.environment(), replace(REQUEST, audience=audience))
        failure = world.states.state("jobs").failure
        assert failure is not None
        counts.append(failure.count)
        world.clock.advance(failure.retry_at - world.clock.now())

    assert counts == [1, 2, 3]


def test_a_user_who_must_consent_makes_no_secret_unready() -> None:
    world = Refreshing()
    vended = world.vend(world.environment(), replace(REQUEST, connection="acme"))
    world.clock.advance(timedelta(seconds=1800 * 0.85))
    slot = slot_of(vended.decision.key, world.clock.now())
    world.tokens.schedule_renewal(vended.decision.key, vended.answer.token, slot)
    world.connections.seed(replace(world.connection, is_lost=True))

    dies = world.clock.monotonic() + 20
    renewal = world.parts().renewer.renew(slot, vended.decision.key, dies=dies)

    assert renewal.outcome is Outcome.FAILED
    assert world.states.state("jobs").not_ready_for == frozenset()


def test_a_secret_that_can_be_used_again_is_no_longer_kept_though_the_user_must_consent() -> None:
    world = Refreshing()
    vended = world.vend(world.environment(), replace(REQUEST, connection="acme"))
    world.states.mark_ready("jobs", None, ScheduledReader.RENEWAL, is_ready=False)
    world.clock.advance(timedelta(seconds=1800 * 0.85))
    slot = slot_of(vended.decision.key, world.clock.now())
    world.tokens.schedule_renewal(vended.decision.key, vended.answer.token, slot)
    world.rotating.is_revoked = True

    dies = world.clock.monotonic() + 20
    world.parts().renewer.renew(slot, vended.decision.key, dies=dies)

    assert world.states.state("jobs").not_ready_for == frozenset()


@pytest.mark.parametrize("of_connection", [True, False])
def test_scopes_that_were_not_given_are_named(*, of_connection: bool) -> None:
    world: World = Refreshing() if of_connection else World()
    request = replace(REQUEST, connection="acme" if of_connection else None)
    vended = world.vend(world.environment(), request)
    decision = replace(vended.decision, asked_scopes=frozenset({"b", "a", "jobs_read"}))
    accepts = replace(decision, grant=replace(decision.grant, accept_less=True))

    check_scopes_given(accepts, vended.answer.token)
    with pytest.raises((ConsentRequiredError, InvalidScopeError)) as caught:
        check_scopes_given(decision, vended.answer.token)

    if of_connection:
        assert isinstance(caught.value, ConsentRequiredError)
        assert caught.value.rule == Rule.CONNECTION_SCOPES
        assert "must consent to a b:" in caught.value.description
    else:
        assert isinstance(caught.value, InvalidScopeError)
        assert caught.value.rule == Rule.SCOPE_GIVEN
        assert caught.value.description == "The provider did not give a b."


def test_what_a_connections_token_carries_beyond_the_grant_is_vended_while_observed() -> None:
    """Where the provider does not narrow, it carries all that the user consented to."""
    until = World().clock.now() + timedelta(minutes=1)
    observation = Observation(scopes=frozenset({"jobs_manage"}), until=until)
    world = Refreshing(
        definition=replace(CONSENTED, scope_mode=ScopeMode.FIXED),
        grant=replace(GRANT, observation=observation),
    )
    request = replace(REQUEST, connection="acme")

    vended = world.vend(world.environment(), request)
    world.clock.advance(timedelta(minutes=1))
    with pytest.raises(InvalidScopeError) as caught:
        world.vend(world.environment(), request)

    assert vended.decision.observed_scopes == frozenset({"jobs_manage"})
    assert caught.value.rule == Rule.WHOLE_SCOPE
