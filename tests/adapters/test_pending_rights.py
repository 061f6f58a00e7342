"""What the pages' function may do to the connections table, and that it does no more."""

import re
from typing import Any

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.connection_samples import CONNECTION, active, pending
from tests.adapters.stores import dynamodb_cipher, dynamodb_connections
from tests.fakes.kms import FakeKms

from tokenvend.adapters.dynamodb.connection_items import connection_pk
from tokenvend.adapters.dynamodb.connection_store import SET_PENDING
from tokenvend.adapters.encryption import Sealed, UntrustedItemError
from tokenvend.ports import StoreAwayError


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


# A write whose condition fails can be made to return the whole item, whatever the role's policy
# says of attributes. What keeps a standing consent from the pages is the key.


def test_it_is_brought_without_the_key_of_consents_that_stand(aws: Aws, tables: Tables) -> None:
    kms = FakeKms()
    kms.fails_with = StoreAwayError("not the pages' key")
    forbidden = dynamodb_cipher(aws, tables, kms=kms, logical_table="connections")

    waiting = pending()
    dynamodb_connections(aws, tables, cipher=forbidden).put_pending(CONNECTION, waiting)

    found = dynamodb_connections(aws, tables).read(CONNECTION)
    assert found is not None
    assert found.pending == waiting
    assert kms.contexts == []


def test_what_is_pending_and_what_stands_are_under_two_keys(aws: Aws, tables: Tables) -> None:
    kms = FakeKms()
    store = dynamodb_connections(
        aws,
        tables,
        cipher=dynamodb_cipher(aws, tables, kms=kms, logical_table="connections"),
        pending=dynamodb_cipher(aws, tables, kms=kms, logical_table="pending"),
    )

    store.put_consent(None, active())
    store.put_pending(CONNECTION, pending())

    assert [each["tokenvend:table"] for each in kms.contexts] == ["connections", "pending"]
    item = tables.connection_item(connection_pk(CONNECTION))
    assert item["consent_key"] != item["pending_key"]


def test_the_pages_key_does_not_open_a_consent_that_stands(aws: Aws, tables: Tables) -> None:
    dynamodb_connections(aws, tables).put_consent(None, active())
    item = tables.connection_item(connection_pk(CONNECTION))
    pages = dynamodb_cipher(aws, tables, logical_table="pending")

    with pytest.raises(UntrustedItemError):
        pages.open(
            f"{connection_pk(CONNECTION)}#consent",
            Sealed(item["consent"]["B"], item["consent_key"]["B"]),
        )
