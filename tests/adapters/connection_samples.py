"""Connections to store, and strategies that make them."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from tests.fakes.clock import START

from tokenvend.domain.connection import (
    Connection,
    ConnectionKey,
    Consent,
    JournalEntry,
    PendingConsent,
)
from tokenvend.domain.journal import Successor
from tokenvend.domain.secret import Secret
from tokenvend.ports import ConnectionStore

CONNECTION = ConnectionKey(credential="ats-user", owner="billing", name="acme.example-42")
OTHER_CONNECTION = ConnectionKey(credential="ats-user", owner="payroll", name="acme.example-42")
CODE = Secret("a-one-time-code")
LATER = START + timedelta(days=3)


def consent(refresh_token: str = "refresh-1", *, account: str | None = "user-7") -> Consent:
    """A consent that no other is."""
    return Consent(
        consent_id=uuid4().hex,
        refresh_token=Secret(refresh_token),
        scopes=frozenset({"jobs_read", "user_me_read"}),
        account=account,
        connected_at=START,
        refreshed_at=START,
        refresh_expires_at=START + timedelta(days=28),
    )


def pending(refresh_token: str = "refresh-1", *, account: str | None = "user-7") -> PendingConsent:
    return PendingConsent(
        consent=consent(refresh_token, account=account),
        code_sha256=CODE.sha256,
        expires_at=START + timedelta(minutes=10),
    )


def active(key: ConnectionKey = CONNECTION) -> Connection:
    """A connection with its first refresh token, which nobody spends."""
    return Connection(key=key, consent=consent(), number=1)


def put(store: ConnectionStore, key: ConnectionKey = CONNECTION) -> Connection:
    """Store a connection with a consent."""
    connection = active(key)
    assert store.put_consent(None, connection)
    return connection


def journal_entry(connection: Connection) -> JournalEntry:
    """A journal entry that nobody else can make."""
    return JournalEntry(
        number=connection.number, holder_id=uuid4().hex, deadline_at=START + timedelta(seconds=20)
    )


def successor(refresh_token: str | None = "refresh-2") -> Successor:
    return Successor(
        refresh_token=None if refresh_token is None else Secret(refresh_token),
        scopes=None,
        refreshed_at=LATER,
        refresh_expires_at=LATER + timedelta(days=28),
    )


def after(connection: Connection, refresh_token: str) -> Connection:
    """*connection* once `successor(refresh_token)` is stored."""
    assert connection.consent is not None
    renewed = replace(
        connection.consent,
        refresh_token=Secret(refresh_token),
        refreshed_at=LATER,
        refresh_expires_at=LATER + timedelta(days=28),
    )
    return replace(
        connection, consent=renewed, number=connection.number + 1, journal_entry=None, is_lost=False
    )
