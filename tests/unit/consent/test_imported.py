"""Imported refresh tokens, and connections that an operator ends."""

import pytest
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.refreshing import CONSENT, KEY, Refreshing

from tokenvend.consent.connection_import import ConnectionExistsError, import_connection
from tokenvend.consent.disconnection import end_connection
from tokenvend.domain.connection import Connection, ConnectionStatus
from tokenvend.domain.secret import Secret
from tokenvend.refresh_tokens.connection_events import ConnectionEventType


def imported(harness: Refreshing, *, replaces: bool = False) -> Connection:
    return import_connection(
        harness.connections,
        harness.definition,
        KEY,
        refresh_token=Secret("refresh-1"),
        scopes=CONSENT.scopes,
        account="user-9",
        replace=replaces,
        now=harness.clock.now(),
        publish=harness.events.append,
    )


def test_an_imported_refresh_token_is_redeemed_when_it_is_first_used() -> None:
    harness = Refreshing(provider=RotatingProvider())
    harness.connections.delete(KEY)

    connection = imported(harness)

    assert connection.status is ConnectionStatus.ACTIVE
    assert harness.rotating.requests == []
    assert harness.event_type() == [ConnectionEventType.IMPORTED]
    harness.refresh()
    assert harness.refresh_token == "refresh-2"


def test_an_import_replaces_only_when_it_is_told_to() -> None:
    harness = Refreshing()
    before = harness.connection

    with pytest.raises(ConnectionExistsError):
        imported(harness)
    assert harness.connection == before

    assert imported(harness, replaces=True).consent != before.consent


def test_a_connection_that_is_ended_is_revoked_and_gone() -> None:
    harness = Refreshing()

    deleted, revoked = end_connection(
        harness.connections,
        KEY,
        harness.definition,
        secrets=harness.secrets,
        provider=harness.provider,
        publish=harness.events.append,
    )

    assert deleted is not None
    assert revoked
    assert harness.rotating.revoked == ["refresh-1"]
    assert harness.connections.read(KEY) is None
    assert harness.event_type() == [ConnectionEventType.DISCONNECTED]


def test_ending_what_is_not_there_is_told() -> None:
    harness = Refreshing()
    harness.connections.delete(KEY)

    assert end_connection(
        harness.connections,
        KEY,
        harness.definition,
        secrets=harness.secrets,
        provider=harness.provider,
        publish=harness.events.append,
    ) == (None, False)
    assert harness.events == []
