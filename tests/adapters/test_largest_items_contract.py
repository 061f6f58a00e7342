"""Items as large as `validate` admits are written by the command and read by a vend, whole."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.adapters.aws import Aws, Tables
from tests.adapters.registries import DynamoDbRegistry, FilledRegistry, InMemoryRegistry
from tests.adapters.registry_samples import CALLER, DEFINITION, GRANT, IDENTITY

from tokenvend.adapters.dynamodb.definition_items import build_definition
from tokenvend.adapters.dynamodb.registry_items import RegistryItem, build_grant
from tokenvend.domain.bounds import REGISTRY_ITEM_BYTES
from tokenvend.ports import Lookup
from tokenvend_cli.deployment.registry_table import RegistryTable, Writes
from tokenvend_cli.item_size import item_bytes

LOOKUP = Lookup(identity=IDENTITY, credential="ats")
#: What DynamoDB takes in one transaction.
TRANSACTION_ITEMS, TRANSACTION_BYTES = 100, 4_000_000


def _fill_up(item: RegistryItem) -> str:
    """As many letters as *item* lacks to be as large as an item may be."""
    return "x" * (REGISTRY_ITEM_BYTES - item_bytes(item))


@pytest.fixture(params=["fake", "dynamodb"])
def harness(request: pytest.FixtureRequest) -> FilledRegistry:
    if request.param == "fake":
        return InMemoryRegistry()
    return DynamoDbRegistry(request.getfixturevalue("aws"), request.getfixturevalue("tables"))


def test_largest_grant_and_definition_are_read_whole_by_one_vend(harness: FilledRegistry) -> None:
    empty = replace(GRANT, resources=frozenset({""}))
    grant = replace(empty, resources=frozenset({_fill_up(build_grant(IDENTITY, empty))}))
    small = replace(DEFINITION, extra_parameters={"a": ""})
    definition = replace(small, extra_parameters={"a": _fill_up(build_definition(small))})
    for item in (build_grant(IDENTITY, grant), build_definition(definition)):
        assert item_bytes(item) == REGISTRY_ITEM_BYTES

    harness.add_caller(IDENTITY, CALLER)
    harness.add_grant(IDENTITY, grant)
    harness.add_definition(definition)
    view = harness.reader.read(LOOKUP).view

    assert (view.caller, view.grant, view.definition) == (CALLER, grant, definition)


def _item(name: str, size: int) -> RegistryItem:
    empty = RegistryItem(f"credential#{name}", "*", {"a": ""})
    return RegistryItem(empty.pk, empty.sk, {"a": "x" * max(size - item_bytes(empty), 0)})


def _transactions(client: Any) -> list[list[dict[str, Any]]]:
    """The operations of each transaction that *client* will send."""
    sent: list[list[dict[str, Any]]] = []
    client.meta.events.register(
        "provide-client-params.dynamodb.TransactWriteItems",
        lambda params, **_: sent.append(params["TransactItems"]),
    )
    return sent


def _written_bytes(operations: list[dict[str, Any]]) -> int:
    puts = [operation["Put"]["Item"] for operation in operations if "Put" in operation]
    return sum(len(item["document"]["S"]) for item in puts)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from([60, 5_000, 50_000, REGISTRY_ITEM_BYTES]), max_size=130))
@example([60] * 130)
@example([REGISTRY_ITEM_BYTES] * 12)
def test_items_of_any_sizes_are_written_by_transactions_that_dynamodb_takes(
    aws: Aws, sizes: list[int]
) -> None:
    tables, client = Tables(aws.dynamodb).create(), aws.client("dynamodb")
    sent = _transactions(client)
    table = RegistryTable(client, tables.registry)
    items = [_item(str(index), size) for index, size in enumerate(sizes)]

    table.write(Writes(put=items), revision=0)
    found = table.read()
    table.write(Writes(delete=items), revision=found.revision)

    assert sorted(found.items, key=lambda item: item.key) == sorted(
        [*items, *(item for item in found.items if item.pk == "meta")], key=lambda item: item.key
    )
    assert all(len(each) <= TRANSACTION_ITEMS for each in sent)
    assert all(_written_bytes(each) <= TRANSACTION_BYTES for each in sent)
    assert [item.pk for item in table.read().items if item.pk != "meta"] == []
