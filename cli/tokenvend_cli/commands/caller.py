"""`caller`: the OAuth clients that tokenvend issues."""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer

from tokenvend.adapters.dynamodb.registry_items import SECRET, SETTINGS, build_client_secrets
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

app = typer.Typer(no_args_is_help=True, help="Issue secrets to callers that are OAuth clients.")

_PREFIX = "tv_"
_RANDOM_BYTES = 32


@app.command("new-secret")
@told
def new_secret(
    context: typer.Context,
    caller: Annotated[str, typer.Argument(metavar="CALLER")],
    *,
    client: Annotated[
        str | None, typer.Option(help="Which client id, if the caller has several.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Issue an OAuth client's id and secret; the secret is shown once and never again.

    The former secret stays valid beside it, so that callers can change over; the one before
    that stops working.

    Example: tokenvend caller new-secret shop
    """
    registry = registry_of(deployment_of(context))
    identity = _client_identity(registry, caller, client)
    value = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    known = registry.get(identity, SECRET)
    entry = {
        "sha256": hashlib.sha256(value.encode()).hexdigest(),
        "issued_at": datetime.now(UTC).isoformat(),
    }
    former = known.document["secrets"] if known else []
    registry.put(build_client_secrets(identity, [*former, entry]))
    shown = {"client_id": identity.removeprefix("client:"), "client_secret": value}
    if as_json:
        print_json(shown)
        return
    out.print("Keep this now; it is not shown again.", style="bold")
    for name, text in shown.items():
        out.print(f"  {name}: {text}", markup=False, highlight=False)


def _client_identity(registry: RegistryTable, caller: str, client: str | None) -> str:
    identities = [
        item.pk
        for item in registry.items()
        if item.sk == SETTINGS
        and item.document.get("caller") == caller
        and item.pk.startswith("client:")
        and client in {None, item.pk.removeprefix("client:")}
    ]
    if not identities:
        raise CommandError(
            f"{caller} has no such client: add `client: <an id of your choosing>` to its"
            " identities in the file, and apply"
        )
    if len(identities) > 1:
        raise CommandError(f"{caller} has several clients: name one with --client")
    return identities[0]
