"""`caller`: who may ask, and the OAuth clients that tokenvend issues."""

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    SECRET,
    SETTINGS,
    Document,
    RegistryItem,
    build_client_secrets,
)
from tokenvend.domain.identity import identity_of_client
from tokenvend_cli.commands.context import (
    AsJson,
    deployment_of,
    out,
    print_json,
    registry_of,
    say,
    told,
)
from tokenvend_cli.commands.tables import table
from tokenvend_cli.deployment.kinds import Kind, identities_of_caller, kind_of
from tokenvend_cli.deployment.registry_table import Registry, Writes
from tokenvend_cli.problems import CommandError

app = typer.Typer(no_args_is_help=True, help="List callers; issue secrets to OAuth clients.")

_PREFIX = "tv_"
_RANDOM_BYTES = 32
_CLIENT = identity_of_client("")

Caller = Annotated[str, typer.Argument(metavar="CALLER", help="Its name in the file.")]
Client = Annotated[
    str | None, typer.Option(metavar="CLIENT_ID", help="Which one, if the caller has several.")
]


@app.command("list")
@told
def list_callers(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the deployed callers: each identity, its grants, its client secrets.

    Example: tokenvend caller list
    """
    items = registry_of(deployment_of(context)).read().items
    grants = defaultdict[str, list[str]](list)
    for item in items:
        if kind_of(item) is Kind.GRANT:
            grants[item.pk].append(item.sk)
    others = {item.key: item for item in items if item.sk in {SECRET, BLOCKED}}
    found = [
        _row(item, sorted(grants[item.pk]), others)
        for item in sorted(items, key=lambda item: (str(item.document.get("caller")), item.pk))
        if kind_of(item) is Kind.CALLER
    ]
    if as_json:
        print_json(found)
    elif found:
        out.print(table([row | {"grants": " ".join(row["grants"])} for row in found]))
    else:
        say("No callers are deployed: add them to the file, and apply.")


@app.command("new-secret")
@told
def new_secret(
    context: typer.Context, caller: Caller, *, client: Client = None, as_json: AsJson = False
) -> None:
    """Issue a secret to an OAuth client; it is shown now and never again.

    The former secret stays valid beside it, so that callers can change over; the one before
    that stops working.

    Example: tokenvend caller new-secret shop
    """
    value = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    entry = {
        "sha256": hashlib.sha256(value.encode()).hexdigest(),
        "issued_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }

    written: list[RegistryItem] = []

    def decide(registry: Registry) -> Writes:
        identity = _client_identity(registry.items, caller, client)
        former = _secrets_of(registry.items, identity)
        written[:] = [build_client_secrets(identity, [*former, entry])]
        return Writes(put=written)

    registry_of(deployment_of(context)).update(decide)
    client_id = written[0].pk.removeprefix(_CLIENT)
    if as_json:
        print_json({"client_id": client_id, "client_secret": value})
        return
    say(f"client_id      {client_id}")
    say(f"client_secret  {value}")
    say("Keep the secret now: it is not shown again.", style="bold")


@app.command("retire-secret")
@told
def retire_secret(
    context: typer.Context, caller: Caller, *, client: Client = None, as_json: AsJson = False
) -> None:
    """End the former secret of an OAuth client, when nobody uses it any more.

    The newest stays. To end that one too: block the client, or issue another twice.

    Example: tokenvend caller retire-secret shop
    """
    retired: list[Document] = []

    def decide(registry: Registry) -> Writes:
        identity = _client_identity(registry.items, caller, client)
        held = _secrets_of(registry.items, identity)
        if len(held) < 2:
            raise CommandError(f"{identity.removeprefix(_CLIENT)} has no former secret")
        retired[:] = held[:-1]
        return Writes(put=[build_client_secrets(identity, held[-1:])])

    registry_of(deployment_of(context)).update(decide)
    if as_json:
        print_json({"retired": retired})
        return
    for entry in retired:
        say(f"The secret of {entry['issued_at']} is no longer valid.")


def _row(
    item: RegistryItem, grants: list[str], others: Mapping[tuple[str, str], RegistryItem]
) -> dict[str, Any]:
    held = others.get((item.pk, SECRET))
    secrets_held = held.document["secrets"] if held else []
    return {
        "caller": item.document.get("caller"),
        "identity": item.pk,
        "grants": grants,
        "secrets": len(secrets_held) if item.pk.startswith(_CLIENT) else None,
        "newest_secret": secrets_held[-1]["issued_at"] if secrets_held else None,
        "blocked": (item.pk, BLOCKED) in others,
    }


def _secrets_of(items: list[RegistryItem], identity: str) -> list[Document]:
    held = next((item for item in items if item.key == (identity, SECRET)), None)
    return list(held.document["secrets"]) if held else []


def _client_identity(items: list[RegistryItem], caller: str, client: str | None) -> str:
    clients = [pk for pk in identities_of_caller(items, caller) if pk.startswith(_CLIENT)]
    chosen = [pk for pk in clients if client in {None, pk.removeprefix(_CLIENT)}]
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        names = ", ".join(pk.removeprefix(_CLIENT) for pk in chosen)
        raise CommandError(f"{caller} has several clients: name one of {names} with --client")
    if client is not None and clients:
        raise CommandError(f"{caller} has no client {client}")
    if not any(item.sk == SETTINGS and item.document.get("caller") == caller for item in items):
        raise CommandError(f"no caller {caller} is deployed: add it to the file, and apply")
    raise CommandError(
        f"{caller} is no OAuth client: add `client: <an id of your choosing>` to its identities"
        " in the file, and apply"
    )
