"""Import a refresh token that another application got, so that no user is asked again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from tokenvend.domain.connection import Connection, ConnectionKey, Consent, with_consent
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import start_binding
from tokenvend.ports import ConnectionStore
from tokenvend.refresh_tokens.connection_events import (
    ConnectionEvent,
    ConnectionEventType,
    PublishEvent,
)


class ConnectionExistsError(Exception):
    """A connection of that name exists, and the import was not told to replace it."""


def import_connection(
    connections: ConnectionStore,
    definition: CredentialDefinition,
    key: ConnectionKey,
    *,
    refresh_token: Secret,
    scopes: Scopes,
    account: str | None,
    tenant_values: Mapping[str, str] | None = None,
    replace: bool,
    now: datetime,
    publish: PublishEvent,
) -> Connection:
    """Store *refresh_token* as an active connection of *key*; its first use redeems it.

    Nobody else may redeem it from then on: the provider takes one redemption.

    Raises:
        ConnectionExistsError: there is one and *replace* is false, or it has just changed.
        NotBoundError: a value of the user's own organisation is missing or does not fit.
        StoreAwayError: the tables do not answer.
    """
    before = connections.read(key)
    if before is not None and not replace:
        raise ConnectionExistsError
    days = definition.authorization.refresh_token_days if definition.authorization else None
    consent = Consent(
        consent_id=uuid4().hex,
        refresh_token=refresh_token,
        scopes=scopes,
        account=account,
        connected_at=now,
        refreshed_at=now,
        refresh_expires_at=None if days is None else now + timedelta(days=days),
        tenant=start_binding(definition, tenant_values or {}, None),
    )
    after = with_consent(before or Connection(key=key), consent)
    if not connections.put_consent(before, after):
        raise ConnectionExistsError
    publish(ConnectionEvent(ConnectionEventType.IMPORTED, key))
    return after
