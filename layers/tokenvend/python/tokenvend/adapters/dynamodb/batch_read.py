"""Read items with one BatchGetItem, completely or not at all, and parse registry items."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.aws_errors import store_errors
from tokenvend.adapters.dynamodb.attributes import Item, text_of
from tokenvend.adapters.dynamodb.registry_items import Document, has_known_schema, registry_item_of
from tokenvend.domain.untrusted import Distrust, OnUntrusted
from tokenvend.ports import StoreThrottledError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: A busy DynamoDB may leave keys unprocessed; they are requested once more.
_TRIES = 2

type RegistryFound = Mapping[tuple[str | None, str | None], Item]
type TokensFound = Mapping[str | None, Item]


def batch_get(
    client: "DynamoDBClient", keys: Mapping[str, Sequence[Item]]
) -> Mapping[str, list[Item]]:
    """Read the items under *keys*; return them by table, with an empty list where none was found.

    Raises:
        StoreThrottledError: keys stayed unprocessed. A request is never decided on a part of them.
        StoreAwayError: the tables do not answer.
    """
    found: dict[str, list[Item]] = {table: [] for table in keys}
    wanted: dict[str, Any] = {table: {"Keys": list(of_table)} for table, of_table in keys.items()}
    for _ in range(_TRIES):
        with store_errors("dynamodb:BatchGetItem"):
            answer = client.batch_get_item(RequestItems=wanted)
        for table, items in answer["Responses"].items():
            found[table].extend(items)
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return found
    raise StoreThrottledError("dynamodb:BatchGetItem left keys unprocessed")


def registry_found(items: Sequence[Item]) -> RegistryFound:
    """Index registry items by partition and sort key."""
    return {(text_of(item, "pk"), text_of(item, "sk")): item for item in items}


def tokens_found(items: Sequence[Item]) -> TokensFound:
    """Index items of the tokens table by their key."""
    return {text_of(item, "pk"): item for item in items}


def parsed[T](
    found: RegistryFound,
    pk: str,
    sk: str,
    parse: Callable[[Document], T],
    on_untrusted: OnUntrusted,
) -> T | None:
    """Parse the item under *pk* and *sk* with *parse*; `None` if it is missing or malformed.

    A malformed item, or one with an unknown schema, is also reported to *on_untrusted*.
    """
    item = found.get((pk, sk))
    if item is None:
        return None
    reason = Distrust.MALFORMED if has_known_schema(item) else Distrust.UNKNOWN_SCHEMA
    registry_item = registry_item_of(item)
    try:
        if registry_item is not None:
            return parse(registry_item.document)
    except ValueError:
        reason = Distrust.MALFORMED
    on_untrusted(pk, reason)
    return None
