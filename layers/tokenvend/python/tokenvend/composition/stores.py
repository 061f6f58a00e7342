"""Build the adapters of the DynamoDB tables, each on first use."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.aws_clients import aws_client, learn_time_from
from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.dynamodb.credential_states import DynamoDbCredentialStates
from tokenvend.adapters.dynamodb.data_keys import DynamoDbDataKeys
from tokenvend.adapters.dynamodb.sealed_table import SealedTable
from tokenvend.adapters.dynamodb.token_items import TokenItemParser
from tokenvend.adapters.dynamodb.token_store import DynamoDbTokenStore
from tokenvend.adapters.dynamodb.vend_reader import DynamoDbVendReader
from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.composition.settings import Settings
from tokenvend.observability.incidents import count_untrusted
from tokenvend.ports import ConnectionStore, ConsentSessionStore, CredentialReader

if TYPE_CHECKING:
    from tokenvend.ports.quotas import QuotaStore
    from tokenvend.ports.workloads import TrustedIssuers, UsedTokens

TOKENS = "tokens"
CONNECTIONS = "connections"
#: The logical table of pending consents, which are in the connections table.
PENDING = "pending"


class Stores:
    """The adapters of one deployment's tables, in one environment."""

    def __init__(self, settings: Settings, clock: SystemClock) -> None:
        self._settings = settings
        self._clock = clock

    @cached_property
    def _dynamodb(self) -> Any:
        client = aws_client("dynamodb")
        learn_time_from(client, self._clock.learn)
        return client

    @cached_property
    def _cipher(self) -> EnvelopeCipher:
        return self._cipher_of(TOKENS)

    def _cipher_of(self, logical_table: str) -> EnvelopeCipher:
        """Build the cipher of one logical table.

        Data keys of every logical table are shared through the tokens table, whose items expire.
        """
        table = self._settings.tokens_table
        return EnvelopeCipher(
            aws_client("kms"),
            DynamoDbDataKeys(self._dynamodb, table=table, logical_table=logical_table),
            key_arn=self._settings.key_arn,
            deployment=self._settings.deployment,
            logical_table=logical_table,
            on_untrusted=count_untrusted,
        )

    def _sealed(self, cipher: EnvelopeCipher, name: str) -> SealedTable:
        return SealedTable(self._dynamodb, cipher, name, self._clock, count_untrusted)

    @cached_property
    def connections(self) -> ConnectionStore:
        """The store of connections: consents and their refresh tokens."""
        from tokenvend.adapters.dynamodb.connection_store import DynamoDbConnectionStore

        return DynamoDbConnectionStore(
            self._sealed(self._cipher_of(CONNECTIONS), self._settings.connections_table),
            pending=self._cipher_of(PENDING),
        )

    @cached_property
    def consents(self) -> ConsentSessionStore:
        """The store of consent sessions."""
        from tokenvend.adapters.dynamodb.consent_store import DynamoDbConsentSessionStore

        return DynamoDbConsentSessionStore(self._sealed(self._cipher, self._settings.tokens_table))

    @cached_property
    def tokens(self) -> DynamoDbTokenStore:
        """The store of tokens, leases and failures."""
        return DynamoDbTokenStore(self._sealed(self._cipher, self._settings.tokens_table))

    @cached_property
    def reader(self) -> DynamoDbVendReader:
        """The reader of everything that decides a request."""
        return DynamoDbVendReader(
            self._dynamodb,
            TokenItemParser(self._cipher, count_untrusted),
            registry_table=self._settings.registry_table,
            tokens_table=self._settings.tokens_table,
            on_untrusted=count_untrusted,
        )

    @cached_property
    def issuers(self) -> "TrustedIssuers":
        """The trusted issuers of subject tokens."""
        from tokenvend.adapters.dynamodb.issuer_items import DynamoDbTrustedIssuers

        return DynamoDbTrustedIssuers(
            self._dynamodb, table=self._settings.registry_table, on_untrusted=count_untrusted
        )

    @cached_property
    def used_tokens(self) -> "UsedTokens":
        """The record of used subject tokens."""
        from tokenvend.adapters.dynamodb.used_tokens import DynamoDbUsedTokens

        return DynamoDbUsedTokens(self._dynamodb, table=self._settings.tokens_table)

    @cached_property
    def quotas(self) -> "QuotaStore":
        """The token buckets of callers that have a limit."""
        from tokenvend.adapters.dynamodb.quota_store import DynamoDbQuotas

        return DynamoDbQuotas(self._dynamodb, table=self._settings.tokens_table)

    @cached_property
    def credentials(self) -> CredentialReader:
        """The reader of credentials for the schedules."""
        from tokenvend.adapters.dynamodb.credential_reader import DynamoDbCredentialReader

        return DynamoDbCredentialReader(
            self._dynamodb,
            registry_table=self._settings.registry_table,
            tokens_table=self._settings.tokens_table,
            on_untrusted=count_untrusted,
        )

    @cached_property
    def states(self) -> DynamoDbCredentialStates:
        """The store of the state of credentials' secrets."""
        return DynamoDbCredentialStates(self._dynamodb, table=self._settings.tokens_table)
