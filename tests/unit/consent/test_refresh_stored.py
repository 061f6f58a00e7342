"""What a refresh stores when the connection or its scopes changed meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.rotating_provider import Fault, RotatingProvider
from tests.unit.consent.crashing import UNTIL_DEAD
from tests.unit.consent.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.domain.connection import Connection, ConnectionStatus
from tokenvend.domain.errors import (
    ConsentRequiredError,
    CredentialNotReadyError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.oauth.token_request import ParametersIn
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreAwayError


def test_what_comes_for_a_connection_that_was_disconnected_meanwhile_is_revoked() -> None:
    harness = Refreshing()
    harness.rotating.interrupt = lambda: (harness.connections.delete(KEY), None)[1]

    with pytest.raises(ConsentRequiredError):
        harness.refresh()

    assert harness.rotating.revoked == ["refresh-2"]
    assert harness.connections.read(KEY) is None


def test_a_successor_of_a_former_consent_is_dropped() -> None:
    harness = Refreshing()
    anew = Connection(
        key=KEY,
        consent=replace(CONSENT, consent_id="consent-2", refresh_token=Secret("refresh-of-2")),
        number=1,
    )
    harness.rotating.interrupt = lambda: harness.connections.seed(anew)

    harness.refresh()

    assert harness.connection == anew


def test_a_connection_that_was_made_anew_is_not_redeemed_for_what_was_wanted_of_the_old_one() -> (
    None
):
    harness = Refreshing()

    with pytest.raises(TemporarilyUnavailableError):
        harness.refresher().refresh(replace(harness.refresh_request(), consent_id="consent-0"))

    assert harness.rotating.requests == []


def test_no_refresh_starts_that_could_not_end_within_the_invocation() -> None:
    harness = Refreshing()

    with pytest.raises(TemporarilyUnavailableError):
        harness.refresher().refresh(harness.refresh_request(time_left=timedelta(seconds=10)))

    assert harness.rotating.requests == []
    assert harness.connection.journal_entry is None


def test_scopes_that_the_provider_took_away_are_remembered() -> None:
    harness = Refreshing(provider=RotatingProvider(scope="jobs_read"))

    token = harness.refresh()

    assert token.scopes == frozenset({"jobs_read"})
    assert harness.connection.consent is not None
    assert harness.connection.consent.scopes == frozenset({"jobs_read"})


def test_a_token_with_fewer_scopes_narrows_nothing_for_the_next() -> None:
    harness = Refreshing()

    harness.refresher().refresh(harness.refresh_request(requested_scopes=frozenset({"jobs_read"})))

    assert harness.rotating.requests[-1].form["scope"] == "jobs_read"
    assert harness.connection.consent is not None
    assert harness.connection.consent.scopes == CONSENT.scopes


def test_the_refresh_is_asked_as_the_definition_describes_it() -> None:
    described = {"parameters_in": "json", "query": {"v": "2"}, "parameters": {"app": "shop"}}
    harness = Refreshing(definition=replace(DEFINITION, token_request=described))

    harness.refresh()

    request = harness.rotating.requests[-1]
    assert (request.parameters_in, request.query) == (ParametersIn.JSON, {"v": "2"})
    assert (request.form["grant_type"], request.form["app"]) == ("refresh_token", "shop")


def test_a_description_that_cannot_be_followed_costs_no_refresh_token() -> None:
    described = {"headers": {"X-Key": "{secret.key}"}}
    harness = Refreshing(definition=replace(DEFINITION, token_request=described))

    with pytest.raises(CredentialNotReadyError, match="has no field key"):
        harness.refresh()

    assert harness.rotating.requests == []
    assert harness.refresh_token == "refresh-1"
    assert harness.connection.status is ConnectionStatus.ACTIVE


def test_a_store_that_fails_to_give_back_leaves_the_journal_to_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.TOO_MANY)
    release_redemption: Callable[..., None] = harness.connections.release_redemption

    def away(*_: object, **__: object) -> None:
        raise StoreAwayError("away")

    monkeypatch.setattr(harness.connections, "release_redemption", away)
    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()
    monkeypatch.setattr(harness.connections, "release_redemption", release_redemption)
    harness.clock.advance(UNTIL_DEAD)

    harness.refresh()

    assert harness.refresh_token == "refresh-2"
