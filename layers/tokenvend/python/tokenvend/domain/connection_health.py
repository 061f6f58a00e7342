"""When an idle connection's refresh token expires, and when to refresh it.

refreshed_at          keep-alive is due                    refresh token expires
    |----------------------|---- overdue ----|---- expiring ----|-- expired …
    0 %                   50 %             60 %   the last quarter, or week
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionStatus, Consent
from tokenvend.domain.credential_definition import CredentialDefinition


class Health(StrEnum):
    """What an operator should know of a connection.

    OVERDUE: the keep-alive should have refreshed it by now and has not.
    """

    HEALTHY = "healthy"
    OVERDUE = "overdue"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    LOST = "lost"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Forecast:
    """One connection's health, and when its refresh token expires; `None`: unknown."""

    connection: Connection
    health: Health
    refresh_token_expires_at: datetime | None

    @property
    def is_at_risk(self) -> bool:
        """Whether its user may have to consent again."""
        return self.health not in {Health.HEALTHY, Health.PENDING}


def refresh_token_expires_at(
    consent: Consent, definition: CredentialDefinition | None
) -> datetime | None:
    """Return when the refresh token expires unused; `None`: not known.

    The provider's answer states it, or else `refresh_token_days` of the credential's definition.
    """
    if consent.refresh_expires_at is not None:
        return consent.refresh_expires_at
    authorization = definition.authorization if definition else None
    if authorization is None or authorization.refresh_token_days is None:
        return None
    return consent.refreshed_at + timedelta(days=authorization.refresh_token_days)


def keep_alive_due_at(consent: Consent, definition: CredentialDefinition | None) -> datetime:
    """Return when to refresh an idle connection: at half of its refresh token's lifetime.

    An unknown lifetime counts as `bounds.REFRESH_TOKEN_LIFE_UNKNOWN`.
    """
    return consent.refreshed_at + _life(consent, definition) * bounds.KEEP_ALIVE_DUE


def _life(consent: Consent, definition: CredentialDefinition | None) -> timedelta:
    end = refresh_token_expires_at(consent, definition)
    return bounds.REFRESH_TOKEN_LIFE_UNKNOWN if end is None else end - consent.refreshed_at


def forecast(
    connection: Connection, definition: CredentialDefinition | None, *, now: datetime
) -> Forecast:
    """Return the health of *connection*, and when its refresh token expires."""
    consent = connection.consent
    if consent is None:
        return Forecast(connection, Health.PENDING, None)
    end = refresh_token_expires_at(consent, definition)
    return Forecast(connection, _health(connection, consent, definition, now), end)


def _health(
    connection: Connection,
    consent: Consent,
    definition: CredentialDefinition | None,
    now: datetime,
) -> Health:
    if connection.status is ConnectionStatus.CONSENT_LOST:
        return Health.LOST
    end = refresh_token_expires_at(consent, definition)
    life = _life(consent, definition)
    at_risk = min(bounds.CONSENT_AT_RISK, life * bounds.CONSENT_AT_RISK_SHARE)
    if end is not None and now >= end:
        return Health.EXPIRED
    if end is not None and now >= end - at_risk:
        return Health.EXPIRING
    if now >= keep_alive_due_at(consent, definition) + life * bounds.KEEP_ALIVE_OVERDUE:
        return Health.OVERDUE
    return Health.HEALTHY
