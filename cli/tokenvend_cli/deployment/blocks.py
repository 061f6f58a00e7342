"""Kill switches (blocks): which items hold them, and the cause of each.

A block of a caller is written to a marker item and to each of its identities, because a request
is decided by its identity's own items. An identity may have two blocks at once, its caller's and
its client's; each is lifted separately. So may a connection's name, because several callers may
use the same name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum

from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    OWNERS,
    Document,
    RegistryItem,
    build_block,
    caller_pk,
    connection_block_pk,
    credential_pk,
)
from tokenvend.domain.identity import identity_of_client
from tokenvend_cli.deployment.connection_names import parse_connection
from tokenvend_cli.deployment.kinds import ItemKind, identities_of_caller, kind_of, names_of
from tokenvend_cli.problems import CommandError

_CAUSES = "causes"
_ON_CONNECTION = "connection "
_CLIENT = identity_of_client("")


class Blockable(StrEnum):
    """What a block can be put on."""

    CALLER = "caller"
    CREDENTIAL = "credential"
    CONNECTION = "connection"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Block:
    """One kill switch as a person set it."""

    what: Blockable
    name: str

    @property
    def cause(self) -> str:
        """Return the name of this block's cause in the items that hold it."""
        return f"{self.what.value} {self.name}"

    @property
    def marker(self) -> str:
        """Return the partition key of the block's marker item."""
        match self.what:
            case Blockable.CALLER:
                return caller_pk(self.name)
            case Blockable.CREDENTIAL:
                return credential_pk(self.name)
            case Blockable.CONNECTION:
                key = parse_connection(self.name)
                return connection_block_pk(key.credential, key.name)
            case Blockable.CLIENT:
                return identity_of_client(self.name)


@dataclass(frozen=True, slots=True)
class ActiveBlock:
    """A block in force: since when and why."""

    block: Block
    blocked_at: datetime
    reason: str


def blocking(
    items: list[RegistryItem], block: Block, *, reason: str, now: datetime
) -> list[RegistryItem]:
    """Return the items to write to put *block* in force.

    Raises:
        CommandError: nothing of that name is deployed.
        UsageError: it is no valid name.
    """
    _check_exists(items, block)
    why = build_block(block.marker, reason=reason, blocked_at=now).document
    found = {item.key: item for item in items}
    partitions = {block.marker}
    if block.what is Blockable.CALLER:
        partitions |= set(identities_of_caller(items, block.name))
    return [
        _with_causes(pk, {**_causes(found.get((pk, BLOCKED))), block.cause: why})
        for pk in sorted(partitions)
    ]


def unblocking(
    items: list[RegistryItem], block: Block
) -> tuple[list[RegistryItem], list[RegistryItem]]:
    """Return the items to write and to remove to lift *block*, and no other.

    Raises:
        CommandError: it is not in force.
    """
    ours = [item for item in items if item.sk == BLOCKED and block.cause in _causes(item)]
    if not ours:
        raise CommandError(f"{block.cause} is not blocked")
    others = [(item, _without(_causes(item), block.cause)) for item in ours]
    return (
        [_with_causes(item.pk, causes) for item, causes in others if causes],
        [item for item, causes in others if not causes],
    )


def active_blocks(items: list[RegistryItem]) -> Iterator[ActiveBlock]:
    """Return every block in force."""
    for item in sorted(items, key=lambda item: item.pk):
        causes = _causes(item) if item.sk == BLOCKED else {}
        for cause, why in sorted(causes.items()):
            what, _, name = cause.partition(" ")
            block = Block(Blockable(what), name)
            if block.marker == item.pk:
                yield ActiveBlock(block, datetime.fromisoformat(why["blocked_at"]), why["reason"])


def missing_blocks(
    found: Mapping[tuple[str, str], RegistryItem], desired: list[RegistryItem]
) -> Iterator[RegistryItem]:
    """Return the blocks for new identities of blocked callers."""
    for item in desired:
        if kind_of(item) is not ItemKind.CALLER:
            continue
        block = Block(Blockable.CALLER, str(item.document["caller"]))
        why = _causes(found.get((block.marker, BLOCKED))).get(block.cause)
        causes = _causes(found.get((item.pk, BLOCKED)))
        if why is not None and block.cause not in causes:
            yield _with_causes(item.pk, {**causes, block.cause: why})


def merged_block(active: RegistryItem | None, other: RegistryItem) -> RegistryItem:
    """Merge the causes of both blocks; where both have the same cause, that of *active* stays."""
    causes = {**_causes(other), **_causes(active)}
    if not causes:
        # A block without a known cause stops everything; it is left unchanged.
        return active or other
    return _with_causes(other.pk, causes)


def _check_exists(items: list[RegistryItem], block: Block) -> None:
    match block.what:
        case Blockable.CALLER:
            known = names_of(items, ItemKind.CALLER)
        case Blockable.CREDENTIAL:
            known = names_of(items, ItemKind.CREDENTIAL)
        case Blockable.CONNECTION:
            # Whether it exists is not checked: it is in another table, or must not be restored.
            key = parse_connection(block.name)
            _check_exists(items, Block(Blockable.CREDENTIAL, key.credential))
            _check_exists(items, Block(Blockable.CALLER, key.owner))
            return
        case Blockable.CLIENT:
            callers = [item.pk for item in items if kind_of(item) is ItemKind.CALLER]
            known = [pk.removeprefix(_CLIENT) for pk in callers if pk.startswith(_CLIENT)]
    if block.name not in known:
        near = get_close_matches(block.name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise CommandError(f"there is no {block.cause} in the deployment{hint}")


def _causes(item: RegistryItem | None) -> Mapping[str, Document]:
    """Return each cause of a block, with its reason and since when."""
    causes = item.document.get(_CAUSES) if item is not None else None
    return causes if isinstance(causes, dict) else {}


def _without(causes: Mapping[str, Document], lifted: str) -> dict[str, Document]:
    return {cause: why for cause, why in causes.items() if cause != lifted}


def _with_causes(pk: str, causes: Mapping[str, Document]) -> RegistryItem:
    """The block of the partition *pk*, which says whose connection it is on where it is on one."""
    names = [cause.partition(" ")[2] for cause in causes if cause.startswith(_ON_CONNECTION)]
    owners = {OWNERS: sorted({parse_connection(name).owner for name in names})} if names else {}
    return RegistryItem(pk, BLOCKED, {_CAUSES: dict(causes)} | owners)
