"""`caller`: list the callers, and issue secrets to their OAuth clients."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tokenvend.adapters.dynamodb.registry_items import BLOCKED, Document, RegistryItem
from tokenvend_cli.commands.context import (
    AsJson,
    deployment_of,
    exits_on_error,
    print_json,
    registry_of,
    say,
    show,
)
from tokenvend_cli.commands.tables import short_time, table
from tokenvend_cli.deployment.clients import (
    client_id_of,
    client_identity,
    is_client,
    issuing,
    make_secret,
    retiring,
    secrets_of,
)
from tokenvend_cli.deployment.kinds import ItemKind, kind_of
from tokenvend_cli.deployment.registry_table import Registry, Writes

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="List callers, and issue secrets to those that are OAuth clients.",
)

Caller = Annotated[
    str, typer.Argument(metavar="CALLER", help="The caller in the file.", show_default=False)
]
Client = Annotated[
    str | None, typer.Option(metavar="CLIENT_ID", help="Its OAuth client, if it has several.")
]


@app.command("list")
@exits_on_error
def list_callers(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the deployed callers, each with its identities, grants and client secrets.

    Example: tokenvend caller list
    """
    items = registry_of(deployment_of(context)).read().items
    found = _rows(items)
    if as_json:
        print_json(found)
    elif found:
        show(table([_short_row(row) for row in found]))
    else:
        say("No callers are deployed. Add them to the file, then run `tokenvend apply`.")


@app.command("new-secret")
@exits_on_error
def new_secret(
    context: typer.Context, caller: Caller, *, client: Client = None, as_json: AsJson = False
) -> None:
    """Issue a secret to a caller that is an OAuth client. It is shown once, never again.

    The former secret stays valid, so that you can replace it without an interruption; the one
    before it ends. After `MemorySeconds` (30 by default), every function accepts the new one.

    Example: tokenvend caller new-secret shop
    """
    value, now = make_secret(), datetime.now(UTC)
    written: list[RegistryItem] = []

    def decide(registry: Registry) -> Writes:
        identity = client_identity(registry.items, caller, client)
        written[:] = [issuing(registry.items, identity, value, now=now)]
        return Writes(put=written)

    registry_of(deployment_of(context)).update(decide)
    client_id = client_id_of(written[0].pk)
    if as_json:
        print_json({"client_id": client_id, "client_secret": value})
        return
    say(f"client_id      {client_id}")
    say(f"client_secret  {value}")
    say("Keep the secret now: it is not shown again.", style="bold")
    say("If this client had a secret before, use the former for one more minute.")


@app.command("retire-secret")
@exits_on_error
def retire_secret(
    context: typer.Context, caller: Caller, *, client: Client = None, as_json: AsJson = False
) -> None:
    """End the former secret of an OAuth client, once nobody uses it any more.

    The newest secret stays. To end that too, block the client, or issue two new secrets.

    Example: tokenvend caller retire-secret shop
    """
    retired: list[Document] = []

    def decide(registry: Registry) -> Writes:
        identity = client_identity(registry.items, caller, client)
        left, retired[:] = retiring(registry.items, identity)
        return Writes(put=[left])

    registry_of(deployment_of(context)).update(decide)
    if as_json:
        print_json({"retired": retired})
        return
    for entry in retired:
        issued_at = datetime.fromisoformat(entry["issued_at"])
        say(f"The secret that was issued at {short_time(issued_at)} UTC is no longer valid.")


def _rows(items: list[RegistryItem]) -> list[dict[str, Any]]:
    """Return one row for each identity."""
    grants = defaultdict[str, list[str]](list)
    for item in items:
        if kind_of(item) is ItemKind.GRANT:
            grants[item.pk].append(item.sk)
    blocked = {item.pk for item in items if item.sk == BLOCKED}
    return [
        {
            "caller": item.document.get("caller"),
            "identity": item.pk,
            "grants": sorted(grants[item.pk]),
            "secrets_issued_at": [entry["issued_at"] for entry in secrets_of(items, item.pk)]
            if is_client(item.pk)
            else None,
            "blocked": item.pk in blocked,
        }
        for item in sorted(items, key=lambda item: (str(item.document.get("caller")), item.pk))
        if kind_of(item) is ItemKind.CALLER
    ]


def _short_row(row: dict[str, Any]) -> dict[str, Any]:
    issued = row["secrets_issued_at"]
    return {
        "caller": row["caller"],
        "identity": row["identity"] + (" (blocked)" if row["blocked"] else ""),
        "secrets": None if issued is None else len(issued),
        "grants": " ".join(row["grants"]),
    }
