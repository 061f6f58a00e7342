"""A credential without any caller: its definition, and the state of its secret."""

from typing import TYPE_CHECKING

from tokenvend.adapters.dynamodb.batch_read import (
    batch_get,
    parsed,
    registry_found,
    tokens_found,
)
from tokenvend.adapters.dynamodb.credential_items import epoch_pk, parse_state
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    SETTINGS,
    credential_pk,
    parse_definition,
)
from tokenvend.domain.untrusted import OnUntrusted
from tokenvend.ports import CredentialView

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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

    def read(self, credential: str, tenant: str | None) -> CredentialView:
        """See `ports.CredentialReader`."""
        pk, state_pk = credential_pk(credential), epoch_pk(credential, tenant)
        keys = [{"pk": {"S": pk}, "sk": {"S": sk}} for sk in (SETTINGS, BLOCKED)]
        read = batch_get(
            self._client, {self._registry: keys, self._tokens: [{"pk": {"S": state_pk}}]}
        )
        found = registry_found(read[self._registry])
        definition = parsed(found, pk, SETTINGS, parse_definition, self._on_untrusted)
        return CredentialView(
            definition=None if (pk, BLOCKED) in found else definition,
            state=parse_state(
                tokens_found(read[self._tokens]).get(state_pk, {}), self._on_untrusted
            ),
        )
