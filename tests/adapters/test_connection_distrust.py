"""Connections that somebody altered, moved or put back: absent, and counted."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.connection_samples import (
    CODE,
    CONNECTION,
    OTHER_CONNECTION,
    active,
    journal_entry,
    pending,
    successor,
)
from tests.adapters.faults import answer_with, repeat_after_success
from tests.adapters.stores import Untrusted, dynamodb_cipher, dynamodb_connections
from tests.fakes.clock import START
from tests.fakes.kms import FakeKms

from tokenvend.adapters.dynamodb.connection_items import connection_pk, key_of
from tokenvend.domain.connection import Connection, complete
from tokenvend.domain.untrusted import Distrust
from tokenvend.ports import StoreAwayError, StoreResult, StoreThrottledError

type Alteration = Callable[[dict[str, Any]], None]

PK = connection_pk(CONNECTION)
CONSENT_ATTRIBUTES = {
    *("pk", "owned_by", "consent", "consent_key", "consent_id", "token_number"),
}


def moved(item: dict[str, Any]) -> None:
    item["pk"] = {"S": connection_pk(OTHER_CONNECTION)}


def altered(item: dict[str, Any]) -> None:
    ciphertext = bytearray(item["consent"]["B"])
    ciphertext[40] ^= 1
    item["consent"] = {"B": bytes(ciphertext)}


def newer_schema(item: dict[str, Any]) -> None:
    item["consent"] = {"B": b"\x02" + item["consent"]["B"][1:]}


def other_number(item: dict[str, Any]) -> None:
    item["token_number"] = {"N": "9"}


def other_consent(item: dict[str, Any]) -> None:
    item["consent_id"] = {"S": "0" * 32}


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        pytest.param(moved, Distrust.NOT_AUTHENTIC, id="moved to another owner"),
        pytest.param(altered, Distrust.NOT_AUTHENTIC, id="a byte altered"),
        pytest.param(newer_schema, Distrust.UNKNOWN_SCHEMA, id="a schema of the future"),
        pytest.param(other_number, Distrust.REPLAYED, id="an old token under a new number"),
        pytest.param(other_consent, Distrust.REPLAYED, id="another consent's id"),
    ],
)
def test_it_is_absent_and_counted(
    aws: Aws, tables: Tables, alter: Alteration, reason: Distrust
) -> None:
    dynamodb_connections(aws, tables).put_consent(None, active())
    item = tables.connection_item(PK)
    alter(item)
    tables.put_connection_item(item)
    untrusted = Untrusted()
    pk = item["pk"]["S"]
    key = key_of(pk)
    assert key is not None

    assert dynamodb_connections(aws, tables, untrusted=untrusted).read(key) is None
    assert untrusted.seen == [(pk, reason)]


def test_what_is_pending_does_not_pass_for_what_was_completed(aws: Aws, tables: Tables) -> None:
    store = dynamodb_connections(aws, tables)
    store.put_pending(CONNECTION, pending())
    item = tables.connection_item(PK)
    item |= {
        "consent": item.pop("pending_consent"),
        "consent_key": item.pop("pending_key"),
        "consent_id": item.pop("pending_id"),
        "token_number": {"N": "1"},
    }
    tables.put_connection_item(item)

    assert store.read(CONNECTION) is None


def test_a_connection_that_cannot_be_trusted_does_not_stand_in_a_new_ones_way(
    aws: Aws, tables: Tables
) -> None:
    store = dynamodb_connections(aws, tables)
    store.put_consent(None, active())
    item = tables.connection_item(PK)
    altered(item)
    tables.put_connection_item(item)
    waiting = pending()
    store.put_pending(CONNECTION, waiting)
    before = store.read(CONNECTION)
    assert before == Connection(key=CONNECTION, pending=waiting)
    done = complete(before, CODE, now=START)
    assert isinstance(done, Connection)

    assert store.put_consent(before, done)
    assert store.read(CONNECTION) == done


def test_a_consent_that_cannot_be_read_is_not_deleted_with_what_was_pending(
    aws: Aws, tables: Tables
) -> None:
    store = dynamodb_connections(aws, tables)
    store.put_consent(None, active())
    store.put_pending(CONNECTION, pending())
    item = tables.connection_item(PK)
    newer_schema(item)
    tables.put_connection_item(item)
    found = store.read(CONNECTION)
    assert found is not None
    assert found.consent is None

    store.drop_pending(found)

    assert tables.connection_item(PK)["consent"] == item["consent"]


@pytest.mark.parametrize("is_completed", [False, True], ids=["dropped", "completed"])
def test_nothing_of_a_consent_that_was_pending_stays_in_the_table(
    aws: Aws, tables: Tables, *, is_completed: bool
) -> None:
    store = dynamodb_connections(aws, tables)
    store.put_consent(None, active())
    store.put_pending(CONNECTION, pending())
    found = store.read(CONNECTION)
    assert found is not None

    if is_completed:
        done = complete(found, CODE, now=START)
        assert isinstance(done, Connection)
        assert store.put_consent(found, done)
    else:
        store.drop_pending(found)

    assert tables.connection_item(PK).keys() == CONSENT_ATTRIBUTES


def test_nothing_of_a_consent_can_be_read_in_the_table(aws: Aws, tables: Tables) -> None:
    dynamodb_connections(aws, tables).put_consent(None, active())

    item = tables.connection_item(PK)

    assert item.keys() == CONSENT_ATTRIBUTES
    for known in (b"refresh-1", b"user-7", b"jobs_read"):
        assert known not in item["consent"]["B"]


def test_an_index_entry_that_somebody_made_lists_nobody_elses_connection(
    aws: Aws, tables: Tables
) -> None:
    store = dynamodb_connections(aws, tables)
    store.put_consent(None, active(OTHER_CONNECTION))
    item = tables.connection_item(connection_pk(OTHER_CONNECTION))
    tables.put_connection_item(item | {"owned_by": {"S": "billing"}})

    assert store.owned_by("billing") == []


def test_a_journal_that_somebody_broke_is_one_of_a_dead_holder(aws: Aws, tables: Tables) -> None:
    store = dynamodb_connections(aws, tables)
    connection = active()
    store.put_consent(None, connection)
    store.begin_redemption(connection, journal_entry(connection))
    item = tables.connection_item(PK)
    tables.put_connection_item(item | {"deadline_at": {"N": "1e60"}})

    found = store.read(CONNECTION)

    assert found is not None
    assert found.journal_entry is not None
    assert found.journal_entry.deadline_at < START


def test_nothing_is_begun_that_could_not_be_kept(aws: Aws, tables: Tables) -> None:
    connection = active()
    dynamodb_connections(aws, tables).put_consent(None, connection)
    kms = FakeKms()
    kms.fails_with = StoreAwayError("the key is away")
    cipher = dynamodb_cipher(aws, tables, kms=kms, logical_table="another-days")

    with pytest.raises(StoreAwayError):
        dynamodb_connections(aws, tables, cipher=cipher).begin_redemption(
            connection, journal_entry(connection)
        )

    assert "holder_id" not in tables.connection_item(PK)


def test_a_write_that_was_repeated_by_botocore_is_ours(aws: Aws, tables: Tables) -> None:
    connection, client = active(), aws.client("dynamodb")
    dynamodb_connections(aws, tables).put_consent(None, connection)
    repeat_after_success(client, "UpdateItem")
    store = dynamodb_connections(aws, tables, client=client)
    entry = journal_entry(connection)

    assert store.begin_redemption(connection, entry) is not None
    assert store.mark_lost(connection, entry)
    assert store.finish_redemption(connection, successor()) is StoreResult.STORED


def test_a_completion_that_was_repeated_by_botocore_is_ours(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    repeat_after_success(client, "UpdateItem")

    assert dynamodb_connections(aws, tables, client=client).put_consent(None, active())


def test_a_throttled_beginning_is_lost_and_a_throttled_successor_is_told(
    aws: Aws, tables: Tables
) -> None:
    connection, client = active(), aws.client("dynamodb")
    dynamodb_connections(aws, tables).put_consent(None, connection)
    answer_with(client, "UpdateItem", status=400, code="ProvisionedThroughputExceededException")
    store = dynamodb_connections(aws, tables, client=client)

    assert store.begin_redemption(connection, journal_entry(connection)) is None
    with pytest.raises(StoreThrottledError):
        store.finish_redemption(connection, successor())
