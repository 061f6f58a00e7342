"""Disconnecting, and the list of a caller's connections."""

from dataclasses import replace

import pytest
from tests.fakes.provider import json_response
from tests.unit.consent.consenting import harness
from tests.unit.consent.harness import DEFINITION, Harness, key_of

from tokenvend.consent.caller_connections import Disconnected, FoundConnections
from tokenvend.domain import bounds
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import (
    InvalidTargetError,
)

__all__ = ["harness"]


@pytest.mark.parametrize(("status", "revoked"), [(200, True), (503, False)])
def test_disconnecting_deletes_and_tells_the_provider(
    harness: Harness, status: int, *, revoked: bool
) -> None:
    harness.complete(harness.connect())
    harness.provider.script(json_response({}, status=status))

    gone = harness.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked)
    assert harness.provider.requests[-1].url == "https://hiring.example/revoke"
    assert harness.provider.requests[-1].form["token_type_hint"] == "refresh_token"
    with pytest.raises(InvalidTargetError):
        harness.run(Action.INSPECT, connection="ada")


def test_disconnecting_revokes_a_consent_that_waits_to_be_completed_too(harness: Harness) -> None:
    harness.complete(harness.connect(refresh_token="refresh-active"))
    harness.connect(refresh_token="refresh-waiting")
    harness.provider.script(json_response({}), json_response({}))

    gone = harness.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked=True)
    told = [each.form["token"] for each in harness.provider.requests[-2:]]
    assert told == ["refresh-active", "refresh-waiting"]


@pytest.mark.parametrize("away", ["provider", "no endpoint", "secret"])
def test_disconnecting_deletes_whatever_the_provider_does(harness: Harness, away: str) -> None:
    harness.complete(harness.connect())
    if away == "provider":
        harness.provider.is_away = True
    elif away == "secret":
        harness.secrets.secrets.clear()
    else:
        harness.define(replace(DEFINITION, revocation_endpoint=None))

    gone = harness.run(Action.DISCONNECT, connection="ada")

    assert gone == Disconnected(key_of("ada"), revoked=False)
    assert harness.connections.read(key_of("ada")) is None


def test_the_list_has_the_callers_own_of_this_credential_and_no_dead_ones(harness: Harness) -> None:
    for name in ("bob", "ada"):
        harness.complete(harness.connect(connection=name))
    harness.connect(connection="never-completed")
    harness.clock.sleep(bounds.COMPLETION_CODE.total_seconds())

    found = harness.run(Action.LIST)

    assert isinstance(found, FoundConnections)
    assert [one.key.name for one in found.connections] == ["ada", "bob"]
