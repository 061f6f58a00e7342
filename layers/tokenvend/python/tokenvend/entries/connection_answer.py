"""The answer to a request about connections: the same fields over every entry."""

from datetime import datetime
from typing import Any, assert_never

from tokenvend.consent.caller_connections import (
    ConnectionResult,
    Disconnected,
    FoundConnections,
    StartedConsent,
)
from tokenvend.domain.connection import Connection, Consent
from tokenvend.domain.names import TENANT_PARAMETER_PREFIX
from tokenvend.domain.scopes import format_scope


def connection_answer(outcome: ConnectionResult) -> dict[str, Any]:
    """Return the answer's fields. Instants are in whole seconds since 1970-01-01T00:00:00Z."""
    match outcome:
        case StartedConsent():
            return {
                "connection": outcome.key.name,
                "connect_url": outcome.connect_url,
                "expires_in": int((outcome.expires_at - outcome.started_at).total_seconds()),
                "expires_at": _seconds(outcome.expires_at),
            }
        case Connection():
            return _fields(outcome)
        case FoundConnections():
            return {"connections": [_fields(one) for one in outcome.connections]}
        case Disconnected():
            return {"connection": outcome.key.name, "revoked": outcome.revoked}
        case unreachable:
            assert_never(unreachable)


def _fields(connection: Connection) -> dict[str, Any]:
    """Return a connection's fields. A pending consent is left out, as it is not completed."""
    fields: dict[str, Any] = {"connection": connection.key.name, "status": connection.status.value}
    consent = connection.consent
    if consent is None:
        return fields
    return fields | {
        **({"scope": format_scope(consent.scopes)} if consent.scopes else {}),
        **_tenant_values(consent),
        "account": consent.account,
        "connected_at": _seconds(consent.connected_at),
        "refreshed_at": _seconds(consent.refreshed_at),
        "refresh_expires_at": _seconds(consent.refresh_expires_at),
    }


def _tenant_values(consent: Consent) -> dict[str, str]:
    values = consent.tenant.values if consent.tenant else {}
    return {f"{TENANT_PARAMETER_PREFIX}{name}": value for name, value in values.items()}


def _seconds(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())
