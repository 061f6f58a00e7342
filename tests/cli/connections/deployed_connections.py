"""Connections in a deployment: stored, lost, imported; and what is logged and explained of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cli import aws
from tests.cli.conftest import Tokenvend

from tokenvend.domain.connection import Connection, ConnectionKey, Consent, JournalEntry
from tokenvend.domain.secret import Secret
from tokenvend.domain.untrusted import Distrust
from tokenvend_cli.deployment.connection_records import DeployedConnections

NAME = "jobs-user/shop/acme-42"
KEY = ConnectionKey(credential="jobs-user", owner="shop", name="acme-42")
LOG_GROUP = aws.OUTPUTS["ConnectionsLogGroupName"]


def untrusted(item: str, reason: Distrust) -> None:
    raise AssertionError(f"{item}: {reason}")


def put_connection(
    deployed: DeployedConnections, *, idle: timedelta = timedelta(0), name: str = "acme-42"
) -> Connection:
    """A connection that was refreshed *idle* ago."""
    refreshed_at = datetime.now(UTC) - idle
    consent = Consent(
        consent_id=f"consent-of-{name}",
        refresh_token=Secret("a-refresh-token"),
        scopes=frozenset({"read"}),
        account="user-7",
        connected_at=refreshed_at,
        refreshed_at=refreshed_at,
    )
    key = ConnectionKey(credential="jobs-user", owner="shop", name=name)
    connection = Connection(key=key, consent=consent, number=3)
    assert deployed.store.put_consent(None, connection)
    return connection


def mark_lost(deployed: DeployedConnections, connection: Connection) -> None:
    entry = JournalEntry(number=3, holder_id="x", deadline_at=datetime.now(UTC))
    assert deployed.store.begin_redemption(connection, entry)
    assert deployed.store.mark_lost(connection, entry)


def import_connection(tokenvend: Tokenvend, *options: str, **fields: str) -> Any:
    given = {"refresh_token": "an-old-one"} | fields
    return tokenvend("connections", "import", NAME, *options, stdin=json.dumps(given))


def logged_lines() -> list[dict[str, Any]]:
    """The lines of the audit trail."""
    found = aws.client("logs").filter_log_events(logGroupName=LOG_GROUP)["events"]
    return [json.loads(event["message"]) for event in found]


def explain(tokenvend: Tokenvend, connection: str) -> dict[str, Any]:
    (verdict,) = tokenvend.json(
        *("explain", "--deployed", "--caller", "shop", "--credential", "jobs-user"),
        *("--connection", connection),
    )
    return dict(verdict)
