"""Vending with a connection: what the token carries."""

from dataclasses import replace

import pytest
from tests.unit.consent.refreshing import CONSENT, DEFINITION, FIXED, GRANT, Refreshing
from tests.unit.consent.vending_connections import REQUEST, refused_by, vend

from tokenvend.domain.errors import (
    ConsentRequiredError,
    InvalidScopeError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret

READ = frozenset({"jobs_read"})


def test_a_connection_is_vended_and_kept_for_the_next() -> None:
    harness = Refreshing()

    first, second = vend(harness), vend(harness)

    assert first.answer.token.access_token == Secret("access-1")
    assert second.answer.token == first.answer.token
    assert harness.rotating.redeemed == ["refresh-1"]


def test_the_answer_is_honest_about_a_consent_to_less() -> None:
    harness = Refreshing(consent=replace(CONSENT, scopes=READ))

    assert vend(harness).answer.token.scopes == READ


@pytest.mark.parametrize("definition", [DEFINITION, FIXED], ids=["narrows", "fixed"])
def test_scopes_that_are_named_are_all_given_or_the_user_is_asked(definition: object) -> None:
    harness = Refreshing(
        definition=definition,  # type: ignore[arg-type]
        consent=replace(CONSENT, scopes=READ),
    )

    with pytest.raises(ConsentRequiredError, match="jobs_manage") as caught:
        vend(harness, replace(REQUEST, scopes=frozenset({"jobs_read", "jobs_manage"})))

    assert caught.value.rule == Rule.CONNECTION_SCOPES
    assert harness.rotating.requests == []


def test_a_grant_that_accepts_less_gets_less() -> None:
    harness = Refreshing(
        grant=replace(GRANT, accept_less=True), consent=replace(CONSENT, scopes=READ)
    )

    vended = vend(harness, replace(REQUEST, scopes=frozenset({"jobs_read", "jobs_manage"})))

    assert vended.answer.token.scopes == READ


def test_nothing_in_common_with_the_consent_is_for_the_user_to_mend() -> None:
    harness = Refreshing(
        grant=replace(GRANT, scopes=frozenset({"jobs_manage"})),
        consent=replace(CONSENT, scopes=READ),
    )

    assert refused_by(harness) == (ConsentRequiredError, Rule.CONNECTION_SCOPES)


def test_scopes_beyond_the_grant_are_refused_whatever_the_user_agreed_to() -> None:
    harness = Refreshing(grant=replace(GRANT, scopes=READ))

    requested_scopes = replace(REQUEST, scopes=frozenset({"jobs_manage"}))

    assert refused_by(harness, requested_scopes) == (InvalidScopeError, Rule.SCOPES)


def test_where_the_provider_narrows_a_lesser_grant_gets_a_lesser_token() -> None:
    harness = Refreshing(grant=replace(GRANT, scopes=READ))

    assert vend(harness).answer.token.scopes == READ
    assert harness.rotating.requests[0].form["scope"] == "jobs_read"


def test_where_it_does_not_a_grant_must_cover_what_the_user_agreed_to() -> None:
    harness = Refreshing(definition=FIXED, grant=replace(GRANT, scopes=READ))

    assert refused_by(harness) == (InvalidScopeError, Rule.WHOLE_SCOPE)
    assert harness.rotating.requests == []


def test_where_it_does_not_a_grant_of_less_than_the_credential_covers_a_consent_to_less() -> None:
    harness = Refreshing(
        definition=FIXED,
        grant=replace(GRANT, scopes=READ),
        consent=replace(CONSENT, scopes=READ),
    )

    assert vend(harness).answer.token.scopes == READ
    assert "scope" not in harness.rotating.requests[0].form


def test_what_nobody_ever_named_needs_full_access() -> None:
    consent = replace(CONSENT, scopes=frozenset())
    definition = replace(FIXED, scopes=frozenset())
    harness = Refreshing(
        definition=definition, consent=consent, grant=replace(GRANT, scopes=frozenset())
    )
    whole = Refreshing(
        definition=definition,
        consent=consent,
        grant=replace(GRANT, scopes=frozenset(), full_access=True),
    )

    assert refused_by(harness) == (InvalidScopeError, Rule.FULL_ACCESS)
    assert vend(whole).answer.token.access_token == Secret("access-1")


def test_two_scope_sets_of_one_connection_never_redeem_one_refresh_token_twice() -> None:
    harness = Refreshing()

    vend(harness, replace(REQUEST, scopes=READ))
    vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    assert harness.rotating.redeemed == ["refresh-1", "refresh-2"]
    assert not harness.rotating.is_revoked


def test_two_scope_sets_at_the_same_time_take_turns() -> None:
    harness = Refreshing()

    def another() -> None:
        harness.rotating.interrupt = None
        with pytest.raises(TemporarilyUnavailableError):
            vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    harness.rotating.interrupt = another

    vend(harness, replace(REQUEST, scopes=READ))
    vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    assert harness.rotating.redeemed == ["refresh-1", "refresh-2"]


def test_waiting_for_another_is_no_failure_of_the_provider() -> None:
    harness = Refreshing()

    def another() -> None:
        harness.rotating.interrupt = None
        with pytest.raises(TemporarilyUnavailableError):
            vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    harness.rotating.interrupt = another
    vend(harness, replace(REQUEST, scopes=READ))

    # At once: no back-off stands in the way.
    vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))
