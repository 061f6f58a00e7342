"""The contract of `ports.workloads.UsedTokens`, on the fake and on DynamoDB."""

from datetime import timedelta

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.races import at_once
from tests.fakes.clock import START
from tests.fakes.issuer import InMemoryUsedTokens

from tokenvend.adapters.dynamodb.token_items import TTL_MARGIN
from tokenvend.adapters.dynamodb.used_tokens import DynamoDbUsedTokens, replay_pk
from tokenvend.ports.workloads import UsedTokens

URL = "https://ci.example"
UNTIL = START + timedelta(minutes=5)


@pytest.fixture(params=["fake", "dynamodb"])
def used(request: pytest.FixtureRequest) -> UsedTokens:
    if request.param == "fake":
        return InMemoryUsedTokens()
    aws, tables = request.getfixturevalue("aws"), request.getfixturevalue("tables")
    return DynamoDbUsedTokens(aws.dynamodb, table=tables.tokens)


def test_token_is_used_once(used: UsedTokens) -> None:
    assert used.use(URL, "one", until=UNTIL)
    assert not used.use(URL, "one", until=UNTIL)
    assert not used.use(URL, "one", until=UNTIL + timedelta(days=1))


def test_tokens_do_not_mix(used: UsedTokens) -> None:
    assert used.use(URL, "one", until=UNTIL)
    assert used.use(URL, "two", until=UNTIL)
    assert used.use(URL, "ONE", until=UNTIL)
    assert used.use("https://other.example", "one", until=UNTIL)


def test_of_many_who_send_one_token_at_once_one_is_first(aws: Aws, tables: Tables) -> None:
    used = DynamoDbUsedTokens(aws.dynamodb, table=tables.tokens)

    answers = at_once([lambda: used.use(URL, "one", until=UNTIL)] * 8)

    assert sorted(answers) == [False] * 7 + [True]


def test_nothing_of_the_token_stands_in_the_table_and_it_goes_in_time(
    aws: Aws, tables: Tables
) -> None:
    DynamoDbUsedTokens(aws.dynamodb, table=tables.tokens).use(URL, "secret-id", until=UNTIL)

    item = tables.token_item(replay_pk(URL, "secret-id"))

    assert item.keys() == {"pk", "used_by", "ttl"}
    assert item["ttl"] == {"N": str(int((UNTIL + TTL_MARGIN).timestamp()))}
    assert "secret-id" not in str(item)


def test_a_write_that_was_repeated_after_it_succeeded_is_ours(aws: Aws, tables: Tables) -> None:
    """As botocore repeats a call whose answer got lost: the second try finds its own mark."""
    first = aws.dynamodb.update_item

    class Repeating:
        def update_item(self, **request: object) -> object:
            first(**request)  # type: ignore[arg-type]
            return first(**request)  # type: ignore[arg-type]

    used = DynamoDbUsedTokens(Repeating(), table=tables.tokens)  # type: ignore[arg-type]

    assert used.use(URL, "one", until=UNTIL)
    assert not used.use(URL, "one", until=UNTIL)
