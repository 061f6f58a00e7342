"""Read a credential without a caller: its definition and the state of its secret."""

from typing import TYPE_CHECKING

from tokenvend.adapters.dynamodb.batch_read import (
    RegistryFound,
    batch_get,
    parsed,
    registry_found,
    tokens_found,
)
from tokenvend.adapters.dynamodb.credential_items import credential_state_pk, parse_state
from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    SETTINGS,
    blocked_owners,
    connection_block_pk,
    credential_pk,
)
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.untrusted import OnUntrusted
from tokenvend.ports import CredentialView

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tokenvend.domain.connection import ConnectionKey


class DynamoDbCredentialReader:
    """`ports.CredentialReader` on the registry and tokens tables."""

    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        registry_table: str,
        tokens_table: str,
        on_untrusted: OnUntrusted,
    ) -> None:
        self._client = client
        self._registry = registry_table
        self._tokens = tokens_table
        self._on_untrusted = on_untrusted

    def read(
        self, credential: str, tenant: str | None, *, connection: "ConnectionKey | None" = None
    ) -> CredentialView:
        """See `ports.CredentialReader`."""
        pk, state_pk = credential_pk(credential), credential_state_pk(credential, tenant)
        pairs = [(pk, SETTINGS), (pk, BLOCKED)]
        if connection is not None:
            pairs.append((connection_block_pk(credential, connection.name), BLOCKED))
        keys = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in pairs]
        read = batch_get(
            self._client, {self._registry: keys, self._tokens: [{"pk": {"S": state_pk}}]}
        )
        found = registry_found(read[self._registry])
        definition = parsed(found, pk, SETTINGS, parse_definition, self._on_untrusted)
        return CredentialView(
            definition=None if _is_blocked(found, pk, connection) else definition,
            state=parse_state(
                tokens_found(read[self._tokens]).get(state_pk, {}), self._on_untrusted
            ),
        )


def _is_blocked(found: RegistryFound, pk: str, connection: "ConnectionKey | None") -> bool:
    if (pk, BLOCKED) in found or connection is None:
        return (pk, BLOCKED) in found
    block = found.get((connection_block_pk(connection.credential, connection.name), BLOCKED))
    return RegistryView(blocked_owners=blocked_owners(block)).is_connection_blocked(
        connection.owner
    )
