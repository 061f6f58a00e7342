"""Store the list of KMS keys whose public halves are published: one item of the registry."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.aws_errors import store_errors
from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.registry_items import JWKS_KEY, RegistryItem, registry_item_of
from tokenvend.domain.signing import PublishedKey, SigningAlgorithm

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def build_published_keys(keys: Iterable[PublishedKey]) -> RegistryItem:
    """Build the item that lists *keys*, each once."""
    found = {key.arn: {"arn": key.arn, "algorithm": key.algorithm.value} for key in keys}
    return RegistryItem(*JWKS_KEY, {"keys": [found[arn] for arn in sorted(found)]})


def parse_published_keys(document: dict[str, Any]) -> tuple[PublishedKey, ...]:
    """Parse what `build_published_keys` built.

    Raises:
        MalformedDocumentError: an entry is not a key.
    """
    return tuple(
        PublishedKey(
            documents.text(entry, "arn"), SigningAlgorithm(documents.text(entry, "algorithm"))
        )
        for entry in documents.entries(document, "keys")
    )


class DynamoDbPublishedKeys:
    """`ports.PublishedKeys` on the registry table."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def read(self) -> tuple[PublishedKey, ...]:
        """See `ports.PublishedKeys`."""
        pk, sk = JWKS_KEY
        with store_errors("dynamodb:GetItem"):
            answer = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": pk}, "sk": {"S": sk}}
            )
        item = registry_item_of(answer["Item"]) if "Item" in answer else None
        return parse_published_keys(item.document) if item else ()
