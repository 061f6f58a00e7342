"""`block`, `unblock`, `blocks`: a kill switch that survives `apply` until it is lifted."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tokenvend_cli.commands.context import (
    AsJson,
    deployment_of,
    exits_on_error,
    note,
    print_json,
    registry_of,
    say,
    show,
)
from tokenvend_cli.commands.tables import short_time, table
from tokenvend_cli.deployment.blocks import (
    Block,
    Blockable,
    active_blocks,
    blocking,
    unblocking,
)
from tokenvend_cli.deployment.connection_names import is_connection, parse_connection
from tokenvend_cli.deployment.registry_table import Registry, Writes

What = Annotated[Blockable, typer.Argument(help="What to stop.", show_default=False)]
Name = Annotated[
    str,
    typer.Argument(help="Its name; for a connection, CREDENTIAL/OWNER/NAME.", show_default=False),
]


@exits_on_error
def block(
    context: typer.Context,
    what: What,
    name: Name,
    reason: Annotated[str, typer.Option(help="Why; `blocks` shows it.")],
) -> None:
    """Stop a caller, credential, connection or OAuth client now, until you unblock it.

    It takes effect within `MemorySeconds` (30 by default), and `apply` does not lift it. Tokens
    that callers hold already stay valid until they expire: see `revoke`. A blocked connection is
    not deleted. Its refresh token is stored but not used, and `connections forecast` reports it.

    Example: tokenvend block caller billing --reason "leaked key, INC-42"
    """
    target, now = Block(what, name), datetime.now(UTC)
    deployment = deployment_of(context)

    def decide(registry: Registry) -> Writes:
        return Writes(put=blocking(registry.items, target, reason=reason, now=now))

    registry_of(deployment).update(decide)
    say(f"{target.cause} is blocked.", style="red")
    if what is Blockable.CONNECTION and not is_connection(deployment, parse_connection(name)):
        note("there is no such connection now. If the name is right, nobody can start one")


@exits_on_error
def unblock(context: typer.Context, what: What, name: Name) -> None:
    """Lift a block, so that the same caller, credential, connection or client works again.

    Only this block is lifted: a client whose caller is blocked too stays blocked.

    Example: tokenvend unblock caller billing
    """
    target = Block(what, name)

    def decide(registry: Registry) -> Writes:
        put, delete = unblocking(registry.items, target)
        return Writes(put=put, delete=delete)

    registry_of(deployment_of(context)).update(decide)
    say(f"{target.cause} is no longer blocked.", style="green")


@exits_on_error
def blocks(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List what is blocked, since when and why.

    Example: tokenvend blocks --json
    """
    found = [
        {
            "what": each.block.what.value,
            "name": each.block.name,
            "blocked_at": each.blocked_at.isoformat(),
            "reason": each.reason,
        }
        for each in active_blocks(registry_of(deployment_of(context)).read().items)
    ]
    if as_json:
        print_json(found)
    elif found:
        show(table([_short_row(row) for row in found]))
    else:
        say("Nothing is blocked.")


def _short_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "what": row["what"],
        "name": row["name"],
        "since (UTC)": short_time(datetime.fromisoformat(row["blocked_at"])),
        "reason": row["reason"],
    }
