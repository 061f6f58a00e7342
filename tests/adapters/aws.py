"""A local AWS, as the contract tests use it."""

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from botocore.config import Config

from tokenvend.adapters.dynamodb.token_store import RENEWALS
from tokenvend.domain import bounds

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

REGION = "eu-central-1"


@cache
def _session() -> boto3.session.Session:
    """The session of all clients: it reads botocore's models of a service once, not per client."""
    return boto3.session.Session()


@dataclass(frozen=True)
class Aws:
    """Clients of one endpoint, with the attempts that the functions have too.

    Nothing is asked of anyone's own credentials: a stand-in takes any.
    """

    endpoint_url: str

    def client(self, service: str, **changes: Any) -> Any:
        """A client of its own, as each environment has one."""
        config = Config(
            connect_timeout=bounds.AWS_CONNECT_SECONDS,
            read_timeout=30,
            max_pool_connections=50,
            retries={"total_max_attempts": bounds.AWS_ATTEMPTS, "mode": "standard"},
        )
        settings = {
            "endpoint_url": self.endpoint_url,
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "config": config,
        }
        return _session().client(service, **(settings | changes))  # type: ignore[call-overload]

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self.client("dynamodb")
        return client

    @cached_property
    def kms(self) -> "KMSClient":
        client: KMSClient = self.client("kms")
        return client

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        client: SecretsManagerClient = self.client("secretsmanager")
        return client

    @cached_property
    def key_arn(self) -> str:
        """A customer key of this session."""
        return self.kms.create_key()["KeyMetadata"]["Arn"]


@dataclass(frozen=True)
class Tables:
    """New tables, with the keys that the template gives them."""

    dynamodb: "DynamoDBClient"
    registry: str = field(default_factory=lambda: f"registry-{uuid4().hex}")
    tokens: str = field(default_factory=lambda: f"tokens-{uuid4().hex}")
    connections: str = field(default_factory=lambda: f"connections-{uuid4().hex}")

    def create(self) -> "Tables":
        self._create(self.registry, "pk", "sk")
        self._create_tokens()
        create_connections_table(self.dynamodb, self.connections)
        return self

    def connection_item(self, pk: str) -> dict[str, Any]:
        """What stands in the connections table under *pk*, as DynamoDB has it."""
        answer = self.dynamodb.get_item(
            TableName=self.connections, Key={"pk": {"S": pk}}, ConsistentRead=True
        )
        return dict(answer.get("Item", {}))

    def put_connection_item(self, item: dict[str, Any]) -> None:
        """Write *item* as somebody would who can write the table."""
        self.dynamodb.put_item(TableName=self.connections, Item=item)

    def token_item(self, pk: str) -> dict[str, Any]:
        """What stands in the tokens table under *pk*, as DynamoDB has it."""
        answer = self.dynamodb.get_item(
            TableName=self.tokens, Key={"pk": {"S": pk}}, ConsistentRead=True
        )
        return dict(answer.get("Item", {}))

    def put_token_item(self, item: dict[str, Any]) -> None:
        """Write *item* as somebody would who can write the table."""
        self.dynamodb.put_item(TableName=self.tokens, Item=item)

    def put_registry_item(self, item: dict[str, Any]) -> None:
        self.dynamodb.put_item(TableName=self.registry, Item=item)

    def _create_tokens(self) -> None:
        answer = self.dynamodb.create_table(
            TableName=self.tokens,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "due", "AttributeType": "S"},
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": RENEWALS,
                    "KeySchema": [{"AttributeName": "due", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        _wait_until_active(self.dynamodb, answer["TableDescription"])

    def _create(self, name: str, *keys: str) -> None:
        kinds = ("HASH", "RANGE")
        answer = self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}  # type: ignore[typeddict-item]
                for key, kind in zip(keys, kinds, strict=False)
            ],
        )
        _wait_until_active(self.dynamodb, answer["TableDescription"])


def create_connections_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """A connections table of that name, with the template's keys and index."""
    answer = dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "owned_by", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "owned_by",
                "KeySchema": [
                    {"AttributeName": "owned_by", "KeyType": "HASH"},
                    {"AttributeName": "pk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    _wait_until_active(dynamodb, answer["TableDescription"])


def _wait_until_active(dynamodb: "DynamoDBClient", table: "TableDescriptionTypeDef") -> None:
    """Wait for a new table. A stand-in's table is there at once: nothing more is asked."""
    if table["TableStatus"] != "ACTIVE":
        name = table["TableName"]
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
