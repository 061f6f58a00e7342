"""End a connection: delete it, and have the provider revoke its refresh token (RFC 7009)."""

from tokenvend.domain.connection import Connection, ConnectionKey, Consent
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import ConsentRequiredError
from tokenvend.ports import ConnectionStore, OAuthEndpointClient, SecretStore
from tokenvend.refresh_tokens.connection_events import (
    ConnectionEvent,
    ConnectionEventType,
    PublishEvent,
)
from tokenvend.refresh_tokens.own_host import definition_at
from tokenvend.refresh_tokens.revocation import revoke_best_effort


def end_connection(
    connections: ConnectionStore,
    key: ConnectionKey,
    definition: CredentialDefinition | None,
    *,
    secrets: SecretStore,
    provider: OAuthEndpointClient,
    publish: PublishEvent,
) -> tuple[Connection | None, bool]:
    """Delete the connection; return it, and whether the provider confirmed the revocation.

    It is deleted first, so that it ends here whatever the provider says. A refresh under way finds
    it gone and revokes what it got.

    Raises:
        StoreAwayError: the table does not answer.
    """
    deleted = connections.delete(key)
    if deleted is None:
        return None, False
    waiting = deleted.pending.consent if deleted.pending else None
    agreed = [
        _revoke(definition, consent, secrets, provider)
        for consent in (deleted.consent, waiting)
        if consent is not None and definition is not None
    ]
    publish(ConnectionEvent(ConnectionEventType.DISCONNECTED, key))
    return deleted, bool(agreed) and all(agreed)


def _revoke(
    definition: CredentialDefinition,
    consent: Consent,
    secrets: SecretStore,
    provider: OAuthEndpointClient,
) -> bool:
    try:
        there = definition_at(definition, consent.tenant)
    except ConsentRequiredError:
        # The configuration does not allow this host any more, so nothing is sent there.
        return False
    return revoke_best_effort(
        there, consent.refresh_token, secrets=secrets, provider=provider, hint="refresh_token"
    )
