"""Read many connections' items: those of one caller, or all of the table."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.aws_errors import store_errors
from tokenvend.adapters.dynamodb.attributes import Item
from tokenvend.ports import StoreThrottledError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: The index of connections by owner; it holds keys only.
BY_OWNER = "owned_by"
_BATCH = 100


def items_owned_by(client: "DynamoDBClient", table: str, owner: str) -> Iterator[Item]:
    """Yield the complete items that the index has under *owner*.

    Raises:
        StoreThrottledError, StoreAwayError: see `adapters.aws_errors`.
    """
    keys: list[Item] = []
    with store_errors("dynamodb:Query"):
        for page in client.get_paginator("query").paginate(
            TableName=table,
            IndexName=BY_OWNER,
            KeyConditionExpression="owned_by = :owner",
            ExpressionAttributeValues={":owner": {"S": owner}},
        ):
            keys += [{"pk": item["pk"]} for item in page["Items"]]
    yield from _batch_get(client, table, keys)


def all_items(client: "DynamoDBClient", table: str) -> Iterator[Item]:
    """Yield every item of the table, read page by page.

    Raises:
        StoreThrottledError, StoreAwayError: see `adapters.aws_errors`.
    """
    pages = iter(client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True))
    while True:
        with store_errors("dynamodb:Scan"):
            page = next(pages, None)
        if page is None:
            return
        yield from page["Items"]


def _batch_get(client: "DynamoDBClient", table: str, keys: list[Item]) -> Iterator[Item]:
    for start in range(0, len(keys), _BATCH):
        wanted: Any = {table: {"Keys": keys[start : start + _BATCH]}}
        while wanted:
            with store_errors("dynamodb:BatchGetItem"):
                answer = client.batch_get_item(RequestItems=wanted)
            yield from answer["Responses"].get(table, [])
            unprocessed = answer.get("UnprocessedKeys")
            if unprocessed == wanted:
                raise StoreThrottledError("dynamodb:BatchGetItem left keys unprocessed")
            wanted = unprocessed
