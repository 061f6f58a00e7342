"""The difference between the deployed registry and the desired one, as plain values."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.adapters.dynamodb.registry_items import BLOCKED, META_KEY, SECRET, RegistryItem
from tokenvend_cli.deployment.blocks import missing_blocks
from tokenvend_cli.deployment.kinds import ItemKind, kind_of

#: Kinds of item that other commands manage: `apply` neither makes nor changes them.
_OWN_LIFE = frozenset({SECRET, BLOCKED})
_ORDER = list(ItemKind)


class ChangeAction(StrEnum):
    """What happens to one item."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One item to write or remove. `before` is what it replaces."""

    action: ChangeAction
    item: RegistryItem
    before: RegistryItem | None = None


def changes_between(deployed: Iterable[RegistryItem], desired: list[RegistryItem]) -> list[Change]:
    """Return the changes that turn *deployed* into *desired*, in a safe order.

    Removals come first (grants, then callers, then definitions), so that no caller has its old
    and its new rights at once; then definitions, callers and grants are written. Blocks and
    client secrets are left alone, with two exceptions: an identity without a caller loses its
    secrets, and a new identity of a blocked caller is blocked too.
    """
    found = {item.key: item for item in deployed}
    wanted = {item.key: item for item in desired}
    writes = [
        *(_write(found.get(key), item) for key, item in wanted.items() if found.get(key) != item),
        *(_write(found.get(item.key), item) for item in missing_blocks(found, desired)),
    ]
    removals = [
        Change(ChangeAction.REMOVE, item)
        for key, item in found.items()
        if key not in wanted and _goes(item, identities={item.pk for item in desired})
    ]
    return [*sorted(removals, key=_place, reverse=True), *sorted(writes, key=_place)]


def without_grants_of(changes: Iterable[Change], identities: set[str]) -> list[Change]:
    """Return *changes* without new rights for *identities*; removals and blocks stay."""
    return [
        change
        for change in changes
        if change.item.pk not in identities
        or change.action is ChangeAction.REMOVE
        or change.item.sk == BLOCKED
    ]


def _write(before: RegistryItem | None, item: RegistryItem) -> Change:
    return Change(ChangeAction.ADD if before is None else ChangeAction.CHANGE, item, before)


def _goes(item: RegistryItem, *, identities: set[str]) -> bool:
    if item.key == META_KEY:
        return False
    if item.sk == SECRET:
        return item.pk not in identities
    return item.sk not in _OWN_LIFE


def _place(change: Change) -> tuple[int, str, str]:
    return _ORDER.index(kind_of(change.item)), change.item.pk, change.item.sk
