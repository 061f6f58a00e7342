"""What one request leaves for the next: a mark, a count, a word for what is missing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.consent.refreshing import FIXED, Refreshing
from tests.unit.vending.harness import GRANT, REQUEST, Harness

from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.errors import ConsentRequiredError, InvalidScopeError, ProviderRefusedError
from tokenvend.domain.freshness import in_use_from
from tokenvend.domain.grant_limits import check_scopes_given
from tokenvend.domain.registry import Observation
from tokenvend.domain.renewal import slot_of
from tokenvend.domain.rule import Rule
from tokenvend.schedules.renewal import RenewalOutcome

INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(("before", "marked"), [(INSTANT, False), (timedelta(0), True)])
def test_a_token_is_marked_as_in_use_from_its_instant_on(
    before: timedelta, *, marked: bool
) -> None:
    harness = Harness()
    vended = harness.vend(harness.environment())
    harness.clock.set_wall(in_use_from(vended.decision.key, vended.answer.token) - before)

    harness.vend(harness.environment())

    assert harness.tokens.read(vended.decision.key).is_in_use is marked
    assert (harness.tokens.slots() != []) is marked


def test_a_refused_credential_waits_longer_whichever_token_meets_it() -> None:
    harness = Harness(grant=replace(GRANT, audiences=frozenset({"urn:api", "urn:other"})))
    counts = []
    for audience in ("urn:api", "urn:other", "urn:api"):
        harness.provider.script(json_response({"error": "invalid_client"}, status=401))
        with pytest.raises(ProviderRefusedError):
            harness.vend(harness.environment(), replace(REQUEST, audience=audience))
        failure = harness.states.state("jobs").failure
        assert failure is not None
        counts.append(failure.count)
        harness.clock.advance(failure.retry_at - harness.clock.now())

    assert counts == [1, 2, 3]


def test_a_user_who_must_consent_makes_no_secret_unready() -> None:
    harness = Refreshing()
    vended = harness.vend(harness.environment(), replace(REQUEST, connection="acme"))
    harness.clock.advance(timedelta(seconds=1800 * 0.85))
    slot = slot_of(vended.decision.key, harness.clock.now())
    harness.tokens.schedule_renewal(vended.decision.key, vended.answer.token, slot)
    harness.connections.seed(replace(harness.connection, is_lost=True))

    deadline = harness.clock.monotonic() + 20
    renewal = harness.parts().renewer.renew(slot, vended.decision.key, deadline=deadline)

    assert renewal.outcome is RenewalOutcome.FAILED
    assert harness.states.state("jobs").not_ready_for == frozenset()


def test_a_secret_that_can_be_used_again_is_no_longer_kept_though_the_user_must_consent() -> None:
    harness = Refreshing()
    vended = harness.vend(harness.environment(), replace(REQUEST, connection="acme"))
    harness.states.mark_ready("jobs", None, ScheduledReader.RENEWAL, is_ready=False)
    harness.clock.advance(timedelta(seconds=1800 * 0.85))
    slot = slot_of(vended.decision.key, harness.clock.now())
    harness.tokens.schedule_renewal(vended.decision.key, vended.answer.token, slot)
    harness.rotating.is_revoked = True

    deadline = harness.clock.monotonic() + 20
    harness.parts().renewer.renew(slot, vended.decision.key, deadline=deadline)

    assert harness.states.state("jobs").not_ready_for == frozenset()


@pytest.mark.parametrize("of_connection", [True, False])
def test_scopes_that_were_not_given_are_named(*, of_connection: bool) -> None:
    harness: Harness = Refreshing() if of_connection else Harness()
    request = replace(REQUEST, connection="acme" if of_connection else None)
    vended = harness.vend(harness.environment(), request)
    decision = replace(vended.decision, requested_scopes=frozenset({"b", "a", "jobs_read"}))
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
    """Where a refresh names no scopes, it carries all that the user consented to."""
    until = Harness().clock.now() + timedelta(minutes=1)
    observation = Observation(scopes=frozenset({"jobs_manage"}), until=until)
    harness = Refreshing(
        definition=FIXED,
        grant=replace(GRANT, observation=observation),
    )
    request = replace(REQUEST, connection="acme")

    vended = harness.vend(harness.environment(), request)
    harness.clock.advance(timedelta(minutes=1))
    with pytest.raises(InvalidScopeError) as caught:
        harness.vend(harness.environment(), request)

    assert vended.decision.observed_scopes == frozenset({"jobs_manage"})
    assert caught.value.rule == Rule.WHOLE_SCOPE
