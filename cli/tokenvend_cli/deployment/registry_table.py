"""The registry table, as the command reads and writes it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    META_KEY,
    SECRET,
    RegistryItem,
    build_block,
    caller_pk,
    registry_item_of,
)
from tokenvend_cli.problems import CommandError

_OWN_LIFE = frozenset({SECRET, BLOCKED})


@dataclass(frozen=True, slots=True)
class Changes:
    """What would turn the deployed items into the desired ones."""

    added: list[RegistryItem] = field(default_factory=list)
    changed: list[RegistryItem] = field(default_factory=list)
    removed: list[RegistryItem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def changes_between(deployed: Iterable[RegistryItem], desired: list[RegistryItem]) -> Changes:
    """The difference, in the order in which *desired* may be written.

    Blocks and client secrets have a life of their own and are no difference; the secrets of
    an identity that is nobody's any more go with it.
    """
    found = {item.key: item for item in deployed}
    wanted = {item.key: item for item in desired}
    partitions = {item.pk for item in desired}
    removed = [
        item
        for key, item in found.items()
        if key not in wanted
        and key != META_KEY
        and (item.sk not in _OWN_LIFE or (item.sk == SECRET and item.pk not in partitions))
    ]
    return Changes(
        added=[item for item in desired if item.key not in found],
        changed=[
            item
            for item in desired
            if item.key in found and found[item.key].document != item.document
        ],
        removed=removed,
    )


class RegistryTable:
    """Reads and writes of one registry."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def items(self) -> list[RegistryItem]:
        """Every item, consistently read."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table, ConsistentRead=True
        )
        parsed = (registry_item_of(item) for page in pages for item in page["Items"])
        return [item for item in parsed if item is not None]

    def get(self, pk: str, sk: str) -> RegistryItem | None:
        """One item."""
        answer = self._client.get_item(TableName=self._table, Key=_key(pk, sk), ConsistentRead=True)
        return registry_item_of(answer["Item"]) if "Item" in answer else None

    def put(self, item: RegistryItem) -> None:
        """Write one item whole."""
        self._client.put_item(TableName=self._table, Item=item.to_item())

    def delete(self, pk: str, sk: str) -> None:
        """Remove one item, if it is there."""
        self._client.delete_item(TableName=self._table, Key=_key(pk, sk))

    def apply(self, changes: Changes, deployed: list[RegistryItem]) -> None:
        """Make *changes*, unless somebody else changed the registry since *deployed* was read.

        Raises:
            CommandError: somebody did; plan again.
        """
        self._take_turn(deployed)
        for item in [*changes.added, *changes.changed]:
            self.put(item)
        self._block_new_identities(changes, deployed)
        # Grants before callers before definitions: nothing names what is gone.
        for item in sorted(changes.removed, key=lambda item: item.pk.startswith("credential#")):
            self.delete(item.pk, item.sk)

    def _take_turn(self, deployed: list[RegistryItem]) -> None:
        revision = _revision(deployed)
        turn = RegistryItem(*META_KEY, {"revision": revision + 1}).to_item()
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if revision:
            seen = RegistryItem(*META_KEY, {"revision": revision}).to_item()["document"]
            condition = {
                "ConditionExpression": "document = :seen",
                "ExpressionAttributeValues": {":seen": seen},
            }
        try:
            self._client.put_item(TableName=self._table, Item=turn, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise CommandError("somebody else applied at the same time; plan again") from None

    def _block_new_identities(self, changes: Changes, deployed: list[RegistryItem]) -> None:
        blocked = {item.pk for item in deployed if item.sk == BLOCKED}
        for item in changes.added:
            owner = item.document.get("caller", "")
            if item.sk == "*" and caller_pk(owner) in blocked:
                self.put(RegistryItem(item.pk, BLOCKED, {"reason": "its caller is blocked"}))


def block_item(pk: str, reason: str, now: Any) -> RegistryItem:
    """A kill switch on one partition."""
    return build_block(pk, reason=reason, blocked_at=now)


def _revision(deployed: list[RegistryItem]) -> int:
    return next((int(item.document["revision"]) for item in deployed if item.key == META_KEY), 0)


def _key(pk: str, sk: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
