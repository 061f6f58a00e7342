"""The contract of `encryption.DataKeys`, in memory and in DynamoDB."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.faults import answer_with, repeat_after_success
from tests.adapters.races import ENVIRONMENTS, at_once
from tests.fakes.kms import InMemoryDataKeys

from tokenvend.adapters.dynamodb.data_keys import DynamoDbDataKeys
from tokenvend.adapters.encryption import DataKeys
from tokenvend.ports import StoreAwayError

DAY = "2026-03-01"
PK = f"datakey#tokens#{DAY}"

type NewEnvironment = Callable[[], DataKeys]


@pytest.fixture(params=["fake", "dynamodb"])
def new_environment(request: pytest.FixtureRequest) -> NewEnvironment:
    if request.param == "fake":
        fake = InMemoryDataKeys()
        return lambda: fake
    aws: Aws = request.getfixturevalue("aws")
    tables: Tables = request.getfixturevalue("tables")
    return lambda: DynamoDbDataKeys(aws.dynamodb, table=tables.tokens, logical_table="tokens")


def test_a_day_without_a_key_has_none(new_environment: NewEnvironment) -> None:
    assert new_environment().find(DAY) is None


def test_the_first_key_offered_is_the_one(new_environment: NewEnvironment) -> None:
    assert new_environment().offer(DAY, b"first") == b"first"
    assert new_environment().find(DAY) == b"first"


def test_whoever_offers_later_gets_the_first_key(new_environment: NewEnvironment) -> None:
    new_environment().offer(DAY, b"first")

    assert new_environment().offer(DAY, b"second") == b"first"


def test_another_day_is_another_key(new_environment: NewEnvironment) -> None:
    new_environment().offer(DAY, b"first")

    assert new_environment().offer("2026-03-02", b"second") == b"second"


def test_many_environments_agree_on_one_key(new_environment: NewEnvironment) -> None:
    environments = [new_environment() for _ in range(ENVIRONMENTS)]

    agreed = at_once(
        [
            partial(keys.offer, DAY, f"key {number}".encode())
            for number, keys in enumerate(environments)
        ]
    )

    assert len(set(agreed)) == 1


def test_logical_tables_do_not_share_a_key(aws: Aws, tables: Tables) -> None:
    tokens, connections = (
        DynamoDbDataKeys(aws.dynamodb, table=tables.tokens, logical_table=name)
        for name in ("tokens", "connections")
    )
    tokens.offer(DAY, b"first")

    assert connections.offer(DAY, b"second") == b"second"


def test_an_offer_repeated_by_botocore_is_still_ours(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    repeat_after_success(client, "PutItem")
    keys = DynamoDbDataKeys(client, table=tables.tokens, logical_table="tokens")

    assert keys.offer(DAY, b"first") == b"first"


def test_a_key_is_kept_until_its_day_is_over(aws: Aws, tables: Tables) -> None:
    DynamoDbDataKeys(aws.dynamodb, table=tables.tokens, logical_table="tokens").offer(DAY, b"key")

    ttl = int(tables.token_item(PK)["ttl"]["N"])

    assert ttl >= (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=1)).timestamp()


def test_a_key_item_without_a_key_does_not_stop_us(aws: Aws, tables: Tables) -> None:
    tables.put_token_item({"pk": {"S": PK}})
    keys = DynamoDbDataKeys(aws.dynamodb, table=tables.tokens, logical_table="tokens")

    assert keys.find(DAY) is None
    assert keys.offer(DAY, b"ours") == b"ours"


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
def test_a_broken_table_is_away(aws: Aws, tables: Tables, operation: str) -> None:
    client = aws.client("dynamodb")
    answer_with(client, operation, status=500, code="InternalServerError")
    keys = DynamoDbDataKeys(client, table=tables.tokens, logical_table="tokens")

    with pytest.raises(StoreAwayError, match=f"^dynamodb:{operation} failed with "):
        keys.find(DAY) if operation == "GetItem" else keys.offer(DAY, b"ours")
