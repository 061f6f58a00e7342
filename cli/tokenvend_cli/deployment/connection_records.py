"""The deployment's connections, read and written as its functions do."""

from collections.abc import Collection, Mapping
from functools import cached_property
from itertools import batched

from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.dynamodb.batch_read import batch_get
from tokenvend.adapters.dynamodb.connection_store import DynamoDbConnectionStore
from tokenvend.adapters.dynamodb.credential_reader import DynamoDbCredentialReader
from tokenvend.adapters.dynamodb.data_keys import DynamoDbDataKeys
from tokenvend.adapters.dynamodb.registry_items import BLOCKED, blocked_owners, connection_block_pk
from tokenvend.adapters.dynamodb.sealed_table import SealedTable
from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.adapters.secrets_manager import SecretsManagerStore
from tokenvend.composition.stores import CONNECTIONS, PENDING
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.untrusted import OnUntrusted
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError

#: The most keys that DynamoDB takes in one batch.
_KEYS_OF_A_BATCH = 100


class DeployedConnections:
    """The stores of one deployment. *on_untrusted* is called for each altered item."""

    def __init__(self, deployment: Deployment, on_untrusted: OnUntrusted) -> None:
        self._deployment = deployment
        self._on_untrusted = on_untrusted
        self._dynamodb = deployment.client("dynamodb")

    @cached_property
    def store(self) -> DynamoDbConnectionStore:
        """The connections."""
        return self.store_of(
            self._deployment.output("ConnectionsTableName"),
            key_arn=self._deployment.output("KeyArn"),
        )

    def store_of(self, table: str, *, key_arn: str) -> DynamoDbConnectionStore:
        """The connections in *table*, which this deployment wrote under the KMS key *key_arn*."""
        return DynamoDbConnectionStore(
            SealedTable(
                self._dynamodb,
                self._cipher_of(CONNECTIONS, key_arn),
                name=table,
                clock=SystemClock(),
                on_untrusted=self._on_untrusted,
            ),
            pending=self._cipher_of(PENDING, key_arn),
        )

    def _cipher_of(self, logical_table: str, key_arn: str) -> EnvelopeCipher:
        tokens_table = self._deployment.output("TokensTableName")
        return EnvelopeCipher(
            self._deployment.client("kms"),
            DynamoDbDataKeys(self._dynamodb, table=tokens_table, logical_table=logical_table),
            key_arn=key_arn,
            deployment=self._deployment.output("DeploymentId"),
            logical_table=logical_table,
            on_untrusted=self._on_untrusted,
        )

    @cached_property
    def credentials(self) -> DynamoDbCredentialReader:
        """The credentials' definitions."""
        return DynamoDbCredentialReader(
            self._dynamodb,
            registry_table=self._deployment.output("RegistryTableName"),
            tokens_table=self._deployment.output("TokensTableName"),
            on_untrusted=self._on_untrusted,
        )

    def blocked(self, keys: Collection[ConnectionKey]) -> frozenset[ConnectionKey]:
        """Return those of *keys* that are blocked by name, whether or not their caller is."""
        table = self._deployment.output("RegistryTableName")
        found: dict[str, frozenset[str]] = {}
        wanted = sorted({connection_block_pk(key.credential, key.name) for key in keys})
        for some in batched(wanted, _KEYS_OF_A_BATCH):
            pairs = [{"pk": {"S": pk}, "sk": {"S": BLOCKED}} for pk in some]
            for item in batch_get(self._dynamodb, {table: pairs})[table]:
                found[item["pk"]["S"]] = blocked_owners(item)
        return frozenset(key for key in keys if _is_in(found, key))

    @cached_property
    def secrets(self) -> SecretsManagerStore:
        """The providers' client secrets."""
        return SecretsManagerStore(
            self._deployment.client("secretsmanager"),
            prefix=self._deployment.output("SecretPrefix"),
            deployment=self._deployment.output("DeploymentId"),
        )

    def definition(self, credential: str) -> CredentialDefinition:
        """Return the deployed definition of a credential under which users consent.

        Raises:
            CommandError: there is none, or it is another kind.
        """
        found = self.credentials.read(credential, None).definition
        if found is None or found.kind is not CredentialKind.AUTHORIZATION_CODE:
            raise CommandError(
                f"there is no credential {credential} of kind authorization_code, or it is blocked"
            )
        return found


def _is_in(blocks: Mapping[str, frozenset[str]], key: ConnectionKey) -> bool:
    owners = blocks.get(connection_block_pk(key.credential, key.name), frozenset())
    return RegistryView(blocked_owners=owners).is_connection_blocked(key.owner)
