"""Show connections: as rows of a table, or as JSON for a program."""

from datetime import datetime
from typing import Any

from tokenvend.domain.connection_health import Forecast
from tokenvend_cli.commands.context import print_json, say, show
from tokenvend_cli.commands.tables import short_time, table
from tokenvend_cli.deployment.connection_records import DeployedConnections


def connection_rows(deployed: DeployedConnections, found: list[Forecast]) -> list[dict[str, Any]]:
    """Return a row for each of *found*, with the keys that `--json` prints."""
    blocked = deployed.blocked([each.connection.key for each in found])
    return [_row(each, is_blocked=each.connection.key in blocked) for each in found]


def _row(each: Forecast, *, is_blocked: bool) -> dict[str, Any]:
    consent = each.connection.consent
    return {
        "connection": str(each.connection.key),
        "blocked": is_blocked,
        "health": each.health.value,
        "refreshed_at": consent.refreshed_at if consent else None,
        "refresh_token_expires_at": each.refresh_token_expires_at,
    }


def in_words(value: object) -> str:
    """Format *value* of a row for a person."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{short_time(value)} UTC"
    return "not known" if value is None else str(value)


def print_connections(rows: list[dict[str, Any]], *, as_json: bool, nothing: str) -> None:
    """Print *rows* as a table or as JSON; print *nothing* if there are none."""
    if as_json:
        print_json(rows)
    elif rows:
        show(table([_short(row) for row in rows]))
    else:
        say(nothing)


def _short(row: dict[str, Any]) -> dict[str, Any]:
    refreshed, deadline = row["refreshed_at"], row["refresh_token_expires_at"]
    return {
        "health": row["health"] + (", blocked" if row["blocked"] else ""),
        "refreshed (UTC)": short_time(refreshed) if refreshed else "",
        "expires (UTC)": short_time(deadline) if deadline else "",
        "connection": row["connection"],
    }
