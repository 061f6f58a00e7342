"""Whether the tables are away, or only one key: what an outage is decided by."""

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.faults import Calls, answer_with
from tests.adapters.stores import dynamodb_reader

from tokenvend.adapters.dynamodb.registry_items import META_KEY


def test_tables_that_answer_are_not_away_and_one_key_of_the_registry_tells(
    aws: Aws, tables: Tables
) -> None:
    client = aws.client("dynamodb")
    calls, asked = Calls(client), []
    client.meta.events.register(
        "provide-client-params.dynamodb.BatchGetItem",
        lambda params, **_: asked.append(params["RequestItems"]),
    )

    assert not dynamodb_reader(aws, tables, client=client).is_away()

    pk, sk = META_KEY
    ((table, wanted),) = asked[0].items()
    assert table == tables.registry
    assert wanted["Keys"] == [{"pk": {"S": pk}, "sk": {"S": sk}}]
    assert calls.operations == ["BatchGetItem"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalServerError"), (400, "ThrottlingException"), (503, "ServiceUnavailable")],
)
def test_tables_that_fail_are_away(aws: Aws, tables: Tables, status: int, code: str) -> None:
    client = aws.client("dynamodb")
    answer_with(client, "BatchGetItem", status=status, code=code)

    assert dynamodb_reader(aws, tables, client=client).is_away()
