"""Audit lines for connections: one for each action of a caller, user, schedule or operator.

A line holds no ticket, code or token, and of a provider's response only its error code.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from logging import ERROR, INFO, WARNING, getLevelName, makeLogRecord
from typing import Any

from tokenvend.domain.connection_health import Health
from tokenvend.domain.connection_request import ConnectionRequest
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.errors import ProviderRefusedError, SubjectTokenError, TokenVendError
from tokenvend.domain.identity import EntryPoint, Proof, Workload
from tokenvend.domain.users import User
from tokenvend.observability.log import logger, subject_fields, write
from tokenvend.observability.metric import gauge_of, metric_of, with_gauge
from tokenvend.refresh_tokens.connection_events import ConnectionEvent, ConnectionEventType
from tokenvend.schedules.keep_alive import KeepAliveResult


def audit_connection(
    proof: Proof, request: ConnectionRequest, *, now: datetime, request_id: str
) -> None:
    """Record what a caller did with one of its connections."""
    fields = {
        "entry": proof.entry.value,
        "identity": proof.identity,
        "credential": request.credential,
        "connection": request.connection_name or "",
        "request_id": request_id,
    } | subject_fields(proof.workload or request.user)
    dimensions = {"entry": proof.entry.value, "action": request.action.value, "outcome": "done"}
    write(INFO, "connection", fields | metric_of(dimensions, now, name="Connections"))


def audit_connection_refused(
    entry: EntryPoint,
    proof: Proof | None,
    request: ConnectionRequest | None,
    error: TokenVendError,
    *,
    now: datetime,
    request_id: str,
) -> None:
    """Record that a caller's request about a connection was refused, and by which rule."""
    fields: dict[str, Any] = {
        "entry": entry.value,
        "identity": proof.identity if proof else None,
        "caller": error.caller,
        "rule": error.rule,
        "reason": error.description,
        "request_id": request_id,
    }
    about: Workload | User | None = proof.workload if proof else None
    if about is None and request is not None:
        about = request.user
    if about is None and isinstance(error, SubjectTokenError):
        about = error.workload
    fields |= subject_fields(about)
    action = "none"
    if request is not None:
        action = request.action.value
        named = request.connection_name or ""
        fields |= {"credential": request.credential, "connection": named}
    dimensions = {"entry": entry.value, "action": action, "outcome": error.code}
    write(WARNING, "connection", fields | metric_of(dimensions, now, name="Connections"))


def audit_consent(step: str, session: ConsentSession, *, request_id: str) -> None:
    """Record that a user completed *step* of the consent."""
    fields = {
        "step": step,
        "credential": session.key.credential,
        "caller": session.key.owner,
        "connection": session.key.name,
        "request_id": request_id,
    }
    metric = metric_of({"step": step, "outcome": "done"}, datetime.now(UTC), name="Consents")
    write(INFO, "consent", fields | metric)


def audit_consent_failed(
    step: str,
    outcome: str,
    *,
    now: datetime,
    request_id: str,
    error: TokenVendError | None = None,
) -> None:
    """Record that a consent failed at *step*; the page shows *request_id* as the reference."""
    fields: dict[str, Any] = {"step": step, "request_id": request_id}
    if error is not None:
        fields |= {"caller": error.caller, "rule": error.rule, "reason": error.description}
    if isinstance(error, ProviderRefusedError):
        fields["provider_error"] = error.provider_error
    metric = metric_of({"step": step, "outcome": outcome}, now, name="Consents")
    write(WARNING, "consent", fields | metric)


def audit_kept_alive(result: KeepAliveResult) -> None:
    """Record the scheduled refresh of a connection that was not used for long."""
    fields: dict[str, Any] = {
        "credential": result.key.credential,
        "owner": result.key.owner,
        "connection": result.key.name,
    }
    if result.failed is not None:
        fields |= {"rule": result.failed.rule, "reason": result.failed.description}
    if isinstance(result.failed, ProviderRefusedError):
        fields["provider_error"] = result.failed.provider_error
    metric = metric_of({"outcome": result.outcome.value}, datetime.now(UTC), name="KeptAlive")
    write(INFO if result.failed is None else WARNING, "keep alive", fields | metric)


def report_consents(health: Mapping[Health, int]) -> None:
    """Record how many consents are at risk now, and how many are lost, as `connections` forecasts.

    At risk: the refresh token expires soon, or its refresh is overdue. Lost: only a new consent of
    the user can replace it.
    """
    at_risk = health[Health.OVERDUE] + health[Health.EXPIRING]
    lost = health[Health.LOST] + health[Health.EXPIRED]
    now = datetime.now(UTC)
    metric = with_gauge(gauge_of("ConsentsAtRisk", at_risk, now), "ConsentsLost", lost)
    counts = {each.value: count for each, count in health.items()}
    write(WARNING if at_risk else INFO, "consents", {"health": counts, **metric})


def audit_consent_event(event: ConnectionEvent) -> None:
    """Record an event of a user's consent."""
    is_bad = event.event_type in {ConnectionEventType.LOST, ConnectionEventType.NOT_STORED}
    write(ERROR if is_bad else INFO, "consent", _fields_of(event, datetime.now(UTC)))


def consent_event_line(event: ConnectionEvent, *, identity: str, now: datetime) -> str:
    """Format the line of `audit_consent_event` for an event that the operator *identity* caused."""
    record = {"levelno": INFO, "levelname": getLevelName(INFO), "msg": "consent"}
    fields = {"entry": "operator", "identity": identity} | _fields_of(event, now)
    return logger().registered_formatter.format(makeLogRecord(record | fields))


def _fields_of(event: ConnectionEvent, now: datetime) -> dict[str, Any]:
    metric = metric_of({"event": event.event_type.value}, now, name="ConsentEvents")
    fields = {
        "credential": event.key.credential,
        "owner": event.key.owner,
        "connection": event.key.name,
        "event": event.event_type.value,
        "why": event.reason,
    }
    return fields | metric
