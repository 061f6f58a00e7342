"""`block` and `unblock`: a kill switch that survives `apply` until it is lifted."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    SETTINGS,
    build_block,
    caller_pk,
    credential_pk,
)
from tokenvend.domain.identity import identity_of_client
from tokenvend_cli.commands.context import (
    AsJson,
    deployment_of,
    out,
    print_json,
    registry_of,
    told,
)
from tokenvend_cli.deployment.registry_table import RegistryTable
from tokenvend_cli.problems import CommandError


class Blockable(StrEnum):
    """What a block can be put on."""

    CALLER = "caller"
    CREDENTIAL = "credential"
    CLIENT = "client"


@told
def block(
    context: typer.Context,
    what: Blockable,
    name: str,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the block.")],
) -> None:
    """Stop a caller, a credential or a client now, until `unblock`.

    It takes effect within the deployment's memory_seconds.

    Example: tokenvend block caller billing --reason "leaked key, INC-42"
    """
    registry = registry_of(deployment_of(context))
    now = datetime.now(UTC)
    for pk in _partitions(registry, what, name):
        registry.put(build_block(pk, reason=reason, blocked_at=now))
    out.print(f"{what.value} {name} is blocked.")


@told
def unblock(context: typer.Context, what: Blockable, name: str) -> None:
    """Lift a block.

    Example: tokenvend unblock caller billing
    """
    registry = registry_of(deployment_of(context))
    for pk in _partitions(registry, what, name):
        registry.delete(pk, BLOCKED)
    out.print(f"{what.value} {name} is not blocked.")


@told
def blocks(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List what is blocked, and why.

    Example: tokenvend blocks --json
    """
    found = [
        {"blocked": item.pk, **item.document}
        for item in registry_of(deployment_of(context)).items()
        if item.sk == BLOCKED
    ]
    if as_json:
        print_json(found)
        return
    for entry in found:
        out.print(f"{entry['blocked']}: {entry.get('reason')}", markup=False, highlight=False)
    if not found:
        out.print("Nothing is blocked.")


def _partitions(registry: RegistryTable, what: Blockable, name: str) -> list[str]:
    items = registry.items()
    known = {item.pk for item in items}
    match what:
        case Blockable.CREDENTIAL:
            found = {credential_pk(name)} & known
        case Blockable.CLIENT:
            found = {identity_of_client(name)} & known
        case Blockable.CALLER:
            found = {
                item.pk
                for item in items
                if item.sk == SETTINGS and item.document.get("caller") == name
            }
            # The marker reaches identities that a later apply adds.
            found |= {caller_pk(name)} if found or caller_pk(name) in known else set()
    if not found:
        raise CommandError(f"there is no {what.value} {name}")
    return sorted(found)
