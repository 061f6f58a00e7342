"""A refresh never takes a scope from a connection for good: none is named unless that is shown."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.refreshing import CONSENT, DEFINITION, FIXED, GRANT, SCOPES, Refreshing

from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    InvalidScopeError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.registry import ALL_CONNECTIONS
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule

READ = frozenset({"jobs_read"})
REQUEST = VendRequest("jobs", connection="acme")


def tying() -> RotatingProvider:
    """A provider that leaves a refresh token with the scopes of its last refresh."""
    return RotatingProvider(ties_scopes=True)


def test_a_caller_that_asks_for_less_takes_nothing_from_the_next_one() -> None:
    harness = Refreshing(provider=tying(), definition=FIXED)

    less = harness.vend(harness.environment(), replace(REQUEST, scopes=READ))
    harness.clock.advance(timedelta(seconds=1_800))
    whole = harness.vend(harness.environment(), replace(REQUEST, scopes=SCOPES))

    assert [request.form.get("scope") for request in harness.rotating.requests] == [None, None]
    assert harness.rotating.carries == SCOPES
    # RFC 6749 section 5.1: the answer states what its token carries, not what was asked for.
    assert less.answer.to_dict()["scope"] == "jobs_manage jobs_read"
    assert whole.answer.to_dict()["scope"] == "jobs_manage jobs_read"


def test_what_was_claimed_to_do_no_harm_and_does_is_what_this_guards_against() -> None:
    """The stand-in is as hard as the real one: with scopes named, the connection is spoilt."""
    harness = Refreshing(provider=tying(), definition=DEFINITION)

    harness.vend(harness.environment(), replace(REQUEST, scopes=READ))

    assert harness.rotating.carries == READ


def test_no_broader_token_is_vended_than_the_grant_covers() -> None:
    """The whole consent is what a token carries there, so a lesser grant gets none of it."""
    grant = replace(GRANT, scopes=READ, connections=ALL_CONNECTIONS)
    harness = Refreshing(provider=tying(), definition=FIXED, grant=grant)

    with pytest.raises(InvalidScopeError) as caught:
        harness.vend(harness.environment(), replace(REQUEST, scopes=READ))

    assert caught.value.rule == Rule.WHOLE_SCOPE
    assert harness.rotating.requests == []


def test_requests_for_different_scopes_share_the_one_token_that_there_is() -> None:
    harness = Refreshing(definition=FIXED)

    less = harness.vend(harness.environment(), replace(REQUEST, scopes=READ))
    whole = harness.vend(harness.environment(), REQUEST)

    assert less.answer.token == whole.answer.token
    assert harness.rotating.refreshes == 1


def test_a_token_of_a_named_refresh_is_never_found_where_no_refresh_names_scopes() -> None:
    assert DEFINITION.fingerprint != replace(FIXED, scope_mode=DEFINITION.scope_mode).fingerprint


def withholding() -> RotatingProvider:
    """A provider that gives fewer scopes for a while."""
    return RotatingProvider(scope="jobs_read")


def test_scopes_that_a_provider_gives_back_are_vended_again() -> None:
    harness = Refreshing(provider=withholding(), definition=FIXED)
    less = harness.vend(harness.environment(), REQUEST)
    harness.rotating.scope = "jobs_manage jobs_read"
    harness.clock.advance(timedelta(seconds=1_800))

    # That request was granted when the connection had fewer scopes.
    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment(), REQUEST)
    whole = harness.vend(harness.environment(), REQUEST)

    assert caught.value.rule == CONNECTION_BUSY
    assert (less.answer.token.scopes, whole.answer.token.scopes) == (READ, SCOPES)
    assert harness.connection.consent == replace(
        harness.connection.consent or CONSENT, scopes=SCOPES, agreed_scopes=None
    )


def test_scopes_that_come_back_reach_no_caller_whose_grant_does_not_cover_them() -> None:
    grant = replace(GRANT, scopes=READ, connections=ALL_CONNECTIONS)
    harness = Refreshing(provider=withholding(), definition=FIXED, grant=grant)
    harness.connections.seed(
        replace(harness.connection, consent=replace(CONSENT, scopes=READ, agreed_scopes=SCOPES))
    )
    less = harness.vend(harness.environment(), REQUEST)
    harness.rotating.scope = "jobs_manage jobs_read"
    harness.clock.advance(timedelta(seconds=1_800))

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(harness.environment(), REQUEST)
    with pytest.raises(InvalidScopeError) as caught:
        harness.vend(harness.environment(), REQUEST)

    assert less.answer.token.scopes == READ
    assert caught.value.rule == Rule.WHOLE_SCOPE


def test_more_than_the_user_agreed_to_is_refused_after_that_too() -> None:
    harness = Refreshing(provider=withholding(), definition=FIXED)
    harness.vend(harness.environment(), REQUEST)
    harness.rotating.scope = "jobs_manage jobs_read users_delete"
    harness.clock.advance(timedelta(seconds=1_800))

    with pytest.raises(ProviderRefusedError) as caught:
        harness.vend(harness.environment(), REQUEST)

    assert caught.value.provider_error == "scope_widened"
    assert harness.connection.consent is not None
    assert harness.connection.consent.most_scopes == SCOPES
