"""Bring back client secrets, blocks and consents, which no file holds, from a restored table.

A current item is never overwritten by an older one, and no block is ever lifted. The operator
sees what happens to each item, also to those that stay unchanged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend.domain.connection import Connection, ConnectionStatus
from tokenvend_cli.deployment.blocks import merged_block
from tokenvend_cli.deployment.kinds import ItemKind, kind_of


class RestoreAction(StrEnum):
    """What happens to one item of the restored table."""

    BRING_BACK = "bring back"
    KEEP = "keep"
    LEAVE_OUT = "leave out"


@dataclass(frozen=True, slots=True)
class RestoreStep:
    """One item: what it is, what happens to it, and why."""

    what: str
    name: str
    action: RestoreAction
    why: str


@dataclass(frozen=True, slots=True)
class RegistryStep(RestoreStep):
    """`item` is what to write, where something is brought back."""

    item: RegistryItem | None = None


@dataclass(frozen=True, slots=True)
class ConnectionStep(RestoreStep):
    """A connection as the restored table has it, and as it is now."""

    backup: Connection
    current: Connection | None = None


def plan_registry(
    current: Sequence[RegistryItem], backup: Sequence[RegistryItem]
) -> Iterator[RegistryStep]:
    """Return the steps to restore a registry. `apply` writes all that is in the file."""
    found = {item.key: item for item in current}
    for item in sorted(backup, key=lambda item: item.key):
        match kind_of(item):
            case ItemKind.BLOCK:
                yield _block_step(item, found)
            case ItemKind.CLIENT_SECRETS:
                yield _secrets_step(item, found)
            case _:
                continue


def _block_step(item: RegistryItem, found: Mapping[tuple[str, str], RegistryItem]) -> RegistryStep:
    active = found.get(item.key)
    merged = merged_block(active, item)
    if active is not None and merged.document == active.document:
        return RegistryStep("block", item.pk, RestoreAction.KEEP, "it stands")
    why = "if it was lifted since the backup, lift it again with `tokenvend unblock`"
    return RegistryStep("block", item.pk, RestoreAction.BRING_BACK, why, merged)


def _secrets_step(
    item: RegistryItem, found: Mapping[tuple[str, str], RegistryItem]
) -> RegistryStep:
    what = "client secrets"
    if item.key in found:
        why = "the client has secrets now, and one that was retired must not come back"
        return RegistryStep(what, item.pk, RestoreAction.KEEP, why)
    return RegistryStep(what, item.pk, RestoreAction.BRING_BACK, "the client has none now", item)


def plan_connections(
    pairs: Iterator[tuple[Connection, Connection | None]],
) -> Iterator[ConnectionStep]:
    """Return the steps to restore connections; *pairs* are (backup, current)."""
    for backup, current in pairs:
        action, why = _connection_decision(backup, current)
        yield ConnectionStep("connection", str(backup.key), action, why, backup, current)


def _connection_decision(
    backup: Connection, current: Connection | None
) -> tuple[RestoreAction, str]:
    if backup.status is not ConnectionStatus.ACTIVE or backup.consent is None:
        return RestoreAction.LEAVE_OUT, f"it is {backup.status.value.replace('_', ' ')} there"
    if current is None or current.consent is None:
        return RestoreAction.BRING_BACK, _after_backup(backup)
    same_consent = current.consent.consent_id == backup.consent.consent_id
    if same_consent and current.number >= backup.number:
        return RestoreAction.KEEP, "its refresh token is at least as new"
    if not same_consent and current.consent.connected_at >= backup.consent.connected_at:
        return RestoreAction.KEEP, "its user has consented since"
    return RestoreAction.BRING_BACK, _after_backup(backup)


def _after_backup(backup: Connection) -> str:
    if backup.journal_entry is not None:
        return "its refresh token was being redeemed: its user may have to consent again"
    return "if its refresh token was redeemed since the backup, its user must consent again"
