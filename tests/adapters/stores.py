"""The adapters on a local AWS, put together as the composition root does it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.adapters.aws import Aws, Tables
from tests.fakes.clock import FakeClock

from tokenvend.adapters.dynamodb.connection_store import DynamoDbConnectionStore
from tokenvend.adapters.dynamodb.consent_store import DynamoDbConsentSessionStore
from tokenvend.adapters.dynamodb.data_keys import DynamoDbDataKeys
from tokenvend.adapters.dynamodb.sealed_table import SealedTable
from tokenvend.adapters.dynamodb.token_items import TokenItemParser
from tokenvend.adapters.dynamodb.token_store import DynamoDbTokenStore
from tokenvend.adapters.dynamodb.vend_reader import DynamoDbVendReader
from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.domain.untrusted import Distrust

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DEPLOYMENT = "tokenvend-test"


@dataclass
class Untrusted:
    """Remembers what was counted as not to be trusted."""

    seen: list[tuple[str, Distrust]] = field(default_factory=list)

    def __call__(self, item_key: str, reason: Distrust) -> None:
        self.seen.append((item_key, reason))


def dynamodb_cipher(
    aws: Aws,
    tables: Tables,
    *,
    kms: Any = None,
    untrusted: Untrusted | None = None,
    deployment: str = DEPLOYMENT,
    logical_table: str = "tokens",
) -> EnvelopeCipher:
    """The cipher of a new environment."""
    return EnvelopeCipher(
        kms or aws.kms,
        DynamoDbDataKeys(aws.dynamodb, table=tables.tokens, logical_table=logical_table),
        key_arn=aws.key_arn,
        deployment=deployment,
        logical_table=logical_table,
        on_untrusted=untrusted or Untrusted(),
    )


def dynamodb_store(
    aws: Aws,
    tables: Tables,
    *,
    client: "DynamoDBClient | None" = None,
    cipher: EnvelopeCipher | None = None,
    untrusted: Untrusted | None = None,
) -> DynamoDbTokenStore:
    """The token store of a new environment."""
    return DynamoDbTokenStore(
        SealedTable(
            client or aws.dynamodb,
            cipher or dynamodb_cipher(aws, tables),
            name=tables.tokens,
            clock=FakeClock(),
            on_untrusted=untrusted or Untrusted(),
        )
    )


def dynamodb_reader(
    aws: Aws,
    tables: Tables,
    *,
    client: "DynamoDBClient | None" = None,
    untrusted: Untrusted | None = None,
) -> DynamoDbVendReader:
    """The reader of a new environment."""
    untrusted = untrusted or Untrusted()
    return DynamoDbVendReader(
        client or aws.dynamodb,
        TokenItemParser(dynamodb_cipher(aws, tables), untrusted),
        registry_table=tables.registry,
        tokens_table=tables.tokens,
        on_untrusted=untrusted,
    )


def dynamodb_connections(
    aws: Aws,
    tables: Tables,
    *,
    client: "DynamoDBClient | None" = None,
    cipher: EnvelopeCipher | None = None,
    untrusted: Untrusted | None = None,
    table: str | None = None,
    pending: EnvelopeCipher | None = None,
) -> DynamoDbConnectionStore:
    """The connection store of a new environment."""
    return DynamoDbConnectionStore(
        SealedTable(
            client or aws.dynamodb,
            cipher or dynamodb_cipher(aws, tables, logical_table="connections"),
            name=table or tables.connections,
            clock=FakeClock(),
            on_untrusted=untrusted or Untrusted(),
        ),
        pending=pending or dynamodb_cipher(aws, tables, logical_table="pending"),
    )


def dynamodb_consents(
    aws: Aws,
    tables: Tables,
    *,
    client: "DynamoDBClient | None" = None,
    cipher: EnvelopeCipher | None = None,
    untrusted: Untrusted | None = None,
) -> DynamoDbConsentSessionStore:
    """The consent store of a new environment."""
    return DynamoDbConsentSessionStore(
        SealedTable(
            client or aws.dynamodb,
            cipher or dynamodb_cipher(aws, tables),
            name=tables.tokens,
            clock=FakeClock(),
            on_untrusted=untrusted or Untrusted(),
        )
    )
