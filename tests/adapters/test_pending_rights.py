"""What the pages' function may do to the connections table, and that it does no more."""

import re
from typing import Any

from tests.adapters.aws import Aws, Tables
from tests.adapters.connection_samples import CONNECTION, pending
from tests.adapters.stores import dynamodb_connections

from tokenvend.adapters.dynamodb.connection_store import SET_PENDING


def test_bringing_a_pending_consent_asks_for_nothing_back(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    sent: list[dict[str, Any]] = []
    client.meta.events.register(
        "provide-client-params.dynamodb.UpdateItem", lambda params, **_: sent.append(params)
    )

    dynamodb_connections(aws, tables, client=client).put_pending(CONNECTION, pending())

    (params,) = sent
    assert params["UpdateExpression"] == SET_PENDING
    assert params.keys() == {
        *("TableName", "Key", "UpdateExpression", "ExpressionAttributeValues"),
    }


def test_it_touches_only_what_is_pending() -> None:
    touched = set(re.findall(r"(\w+) = :", SET_PENDING))

    assert touched == {"owned_by", "pending_consent", "pending_key", "pending_id"}
