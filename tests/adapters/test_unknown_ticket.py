"""A ticket that nobody gave out leaves no item, which no time to live would ever remove."""

from tests.adapters.aws import Aws, Tables
from tests.adapters.stores import dynamodb_consents

from tokenvend.domain.secret import Secret


def test_an_unknown_ticket_leaves_no_item_in_the_table(aws: Aws, tables: Tables) -> None:
    before = _count(aws, tables)

    taken = dynamodb_consents(aws, tables).take(Secret("u" * 43))

    assert taken is None
    assert _count(aws, tables) == before


def _count(aws: Aws, tables: Tables) -> int:
    return int(aws.dynamodb.scan(TableName=tables.tokens)["Count"])
