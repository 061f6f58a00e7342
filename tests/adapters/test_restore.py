"""The connections table, lost and restored: a restore makes a table of another name."""

from uuid import uuid4

from tests.adapters.aws import Aws, Tables, create_connections_table
from tests.adapters.connection_samples import (
    CONNECTION,
    OTHER_CONNECTION,
    active,
    journal_entry,
    pending,
)
from tests.adapters.stores import Untrusted, dynamodb_connections

from tokenvend.ports import ConnectionStore


def fill(store: ConnectionStore) -> None:
    """A consent whose token is just being spent, and one with another that waits beside it."""
    redeemed = active(CONNECTION)
    assert store.put_consent(None, redeemed)
    assert store.begin_redemption(redeemed, journal_entry(redeemed))
    assert store.put_consent(None, active(OTHER_CONNECTION))
    store.put_pending(OTHER_CONNECTION, pending())


def restore(aws: Aws, tables: Tables) -> tuple[Tables, str]:
    """The items under a new name, as point-in-time recovery leaves them; the rest is gone.

    The tokens table, which shares the day's data keys, is another one too.
    """
    restored = f"restored-{uuid4().hex}"
    create_connections_table(aws.dynamodb, restored)
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=tables.connections)
    for item in [item for page in pages for item in page["Items"]]:
        aws.dynamodb.put_item(TableName=restored, Item=item)
    aws.dynamodb.delete_table(TableName=tables.connections)
    return Tables(aws.dynamodb).create(), restored


def test_consents_restored_into_a_table_of_another_name_are_read_and_used(
    aws: Aws, tables: Tables
) -> None:
    before = dynamodb_connections(aws, tables)
    fill(before)
    wanted = [before.read(key) for key in (CONNECTION, OTHER_CONNECTION)]
    new_tables, restored = restore(aws, tables)
    untrusted = Untrusted()

    store = dynamodb_connections(aws, new_tables, table=restored, untrusted=untrusted)

    assert [store.read(key) for key in (CONNECTION, OTHER_CONNECTION)] == wanted
    assert untrusted.seen == []
    found = store.read(OTHER_CONNECTION)
    assert found is not None
    begun = store.begin_redemption(found, journal_entry(found))
    assert begun is not None


def test_a_restored_item_put_under_another_connection_is_absent_and_counted(
    aws: Aws, tables: Tables
) -> None:
    fill(dynamodb_connections(aws, tables))
    new_tables, restored = restore(aws, tables)
    (theirs,) = [
        item
        for item in aws.dynamodb.scan(TableName=restored)["Items"]
        if OTHER_CONNECTION.owner in item["owned_by"]["S"]
    ]
    (ours,) = [
        item
        for item in aws.dynamodb.scan(TableName=restored)["Items"]
        if CONNECTION.owner in item["owned_by"]["S"]
    ]
    aws.dynamodb.put_item(TableName=restored, Item={**theirs, "pk": ours["pk"]})
    untrusted = Untrusted()

    found = dynamodb_connections(aws, new_tables, table=restored, untrusted=untrusted).read(
        CONNECTION
    )

    assert found is None or found.consent is None
    assert [key for key, _ in untrusted.seen][:1] == [ours["pk"]["S"]]
