"""Listing more connections than one answer holds: every one of them, and each only once."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.connection_listing import all_items, items_owned_by
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    RegistryItem,
    blocked_owners,
)
from tokenvend.domain.registry import EVERY_OWNER
from tokenvend.ports import StoreAwayError, StoreThrottledError

KEYS = [{"pk": {"S": f"connection#{number:03}"}} for number in range(230)]


class Pages:
    """A DynamoDB client whose answers come in pages of *size*, and leave out every *skipping*-th.

    It keeps what it was asked for.
    """

    def __init__(self, *, size: int = 70, skipping: int = 0) -> None:
        self.size = size
        self.skipping = skipping
        self.asked: list[dict[str, Any]] = []
        self.batches: list[int] = []

    def get_paginator(self, operation: str) -> "Pages":
        self.asked.append({"operation": operation})
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.asked[-1] |= request
        for start in range(0, len(KEYS), self.size):
            page = KEYS[start : start + self.size]
            yield {"Items": [{**key, "owned_by": {"S": "billing"}} for key in page]}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((table, request),) = RequestItems.items()
        keys = request["Keys"]
        self.batches.append(len(keys))
        left = keys[:: self.skipping] if self.skipping else []
        answered = [{**key, "whole": {"BOOL": True}} for key in keys if key not in left]
        answer: dict[str, Any] = {"Responses": {table: answered}}
        return answer | ({"UnprocessedKeys": {table: {"Keys": left}}} if left else {})


def test_an_owners_items_are_read_whole_by_the_hundred() -> None:
    client: Any = Pages()

    found = list(items_owned_by(client, "connections", "billing"))

    assert found == [{**key, "whole": {"BOOL": True}} for key in KEYS]
    assert client.batches == [100, 100, 30]
    assert client.asked == [
        {
            "operation": "query",
            "TableName": "connections",
            "IndexName": "owned_by",
            "KeyConditionExpression": "owned_by = :owner",
            "ExpressionAttributeValues": {":owner": {"S": "billing"}},
        }
    ]


def test_what_an_answer_leaves_out_is_asked_for_again() -> None:
    client: Any = Pages(skipping=3)

    with pytest.raises(StoreThrottledError) as caught:
        list(items_owned_by(client, "connections", "billing"))

    assert str(caught.value) == "dynamodb:BatchGetItem left keys unprocessed"

    # Each time fewer, until one answer leaves out all that it was asked for.
    assert client.batches == [100, 34, 12, 4, 2, 1]


def test_an_answer_that_fails_or_has_nothing_of_the_table_is_told_apart() -> None:
    failing: Any = Pages()
    error: Any = {
        "Error": {"Code": "InternalServerError"},
        "ResponseMetadata": {"HTTPStatusCode": 500},
    }

    def fail(**_: object) -> dict[str, Any]:
        raise ClientError(error, "BatchGetItem")

    failing.batch_get_item = fail
    empty: Any = Pages()
    empty.batch_get_item = lambda **_: {"Responses": {}}

    with pytest.raises(StoreAwayError) as caught:
        list(items_owned_by(failing, "connections", "billing"))
    assert str(caught.value) == "dynamodb:BatchGetItem failed with InternalServerError"
    assert list(items_owned_by(empty, "connections", "billing")) == []


def test_the_whole_table_is_read_consistently_and_page_by_page() -> None:
    client: Any = Pages(size=100)

    found = list(all_items(client, "connections"))

    assert [{"pk": item["pk"]} for item in found] == KEYS
    assert client.asked == [
        {"operation": "scan", "TableName": "connections", "ConsistentRead": True}
    ]


@pytest.mark.parametrize(
    ("document", "owners"),
    [
        ({"owners": ["billing"]}, frozenset({"billing"})),
        ({"owners": ["billing", "shop"]}, frozenset({"billing", "shop"})),
        ({"owners": []}, EVERY_OWNER),
        ({"owners": "billing"}, EVERY_OWNER),
        ({"owners": [7]}, EVERY_OWNER),
        ({"reason": "stolen"}, EVERY_OWNER),
    ],
)
def test_a_block_that_does_not_say_whose_stops_everybodys(
    document: dict[str, Any], owners: frozenset[str]
) -> None:
    item = RegistryItem("connection-block#a", BLOCKED, document).to_item()

    assert blocked_owners(item) == owners


def test_a_block_that_cannot_be_read_stops_everybodys_and_none_nobodys() -> None:
    assert blocked_owners({"pk": {"S": "connection-block#a"}}) == EVERY_OWNER
    assert blocked_owners(None) == frozenset()
