"""`connections`: manage users' consents, as an operator of the deployment."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from tokenvend.consent.disconnection import end_connection
from tokenvend.domain.connection_health import Forecast, forecast
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.scopes import format_scope
from tokenvend_cli.commands.context import (
    FAILED,
    AsJson,
    ConnectionName,
    connections_of,
    deployment_of,
    exits_on_error,
    note,
    print_json,
    say,
)
from tokenvend_cli.commands.import_connection import import_refresh_token
from tokenvend_cli.commands.provider_access import provider_client
from tokenvend_cli.commands.show_connections import connection_rows, in_words, print_connections
from tokenvend_cli.deployment.audit_trail import AuditTrail
from tokenvend_cli.deployment.connection_names import parse_connection
from tokenvend_cli.deployment.connection_records import DeployedConnections
from tokenvend_cli.problems import CommandError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="List, import and end the connections of users who consented.",
)


@app.command("list")
@exits_on_error
def list_connections(
    context: typer.Context,
    *,
    credential: Annotated[str | None, typer.Option(help="Only those of this credential.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only those of this caller.")] = None,
    as_json: AsJson = False,
) -> None:
    """List users' connections, with their state and when each expires.

    Example: tokenvend connections list --credential jobs-user
    """
    deployed = connections_of(context)
    found = [
        each
        for each in _forecasts(deployed)
        if credential in (None, each.connection.key.credential)
        and owner in (None, each.connection.key.owner)
    ]
    rows = connection_rows(deployed, found)
    print_connections(rows, as_json=as_json, nothing="There are no connections.")


@app.command("show")
@exits_on_error
def show_connection(
    context: typer.Context, connection: ConnectionName, *, as_json: AsJson = False
) -> None:
    """Show one connection: its account, scopes and times. It shows no token.

    Example: tokenvend connections show jobs-user/billing/acme-42
    """
    deployed, key = connections_of(context), parse_connection(connection)
    found = deployed.store.read(key)
    if found is None:
        raise CommandError(f"there is no connection {key}")
    definition = deployed.credentials.read(key.credential, None).definition
    (row,) = connection_rows(deployed, [forecast(found, definition, now=datetime.now(UTC))])
    row |= {
        "account": found.consent.account if found.consent else None,
        "scope": format_scope(found.consent.scopes) if found.consent else None,
        "connected_at": found.consent.connected_at if found.consent else None,
        "refreshes": max(0, found.number - 1),
        "is_being_refreshed": found.journal_entry is not None,
        "waits_for_completion": found.pending is not None,
    }
    if found.consent is not None and found.consent.tenant is not None:
        row["host"] = found.consent.tenant.host
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        say(f"{name.replace('_', ' ')}: {in_words(value)}")


@app.command("forecast")
@exits_on_error
def forecast_connections(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the connections whose users may soon have to consent again. Exits with 1 if any.

    An idle connection is refreshed at half of its refresh token's lifetime. OVERDUE: that has not
    happened. EXPIRING: the refresh token expires soon. EXPIRED: it has expired. LOST: the
    provider refused it.

    Example: tokenvend connections forecast --json
    """
    deployed = connections_of(context)
    rows = connection_rows(deployed, [each for each in _forecasts(deployed) if each.is_at_risk])
    print_connections(rows, as_json=as_json, nothing="No connection is at risk.")
    if rows:
        raise typer.Exit(FAILED)


@app.command()
@exits_on_error
def disconnect(context: typer.Context, connection: ConnectionName) -> None:
    """End a connection: delete it here, and revoke its refresh token at the provider.

    Nobody gets its tokens any more. Tokens that callers hold already stay valid until they
    expire, unless the provider ends them too.

    Example: tokenvend connections disconnect jobs-user/billing/acme-42
    """
    deployment, key = deployment_of(context), parse_connection(connection)
    deployed, trail = connections_of(context), AuditTrail(deployment, note)
    deleted, revoked = end_connection(
        deployed.store,
        key,
        deployed.credentials.read(key.credential, None).definition,
        secrets=deployed.secrets,
        provider=provider_client(deployment),
        publish=trail.publish,
    )
    if deleted is None:
        raise CommandError(f"there is no connection {key}, or its stored item was altered")
    say(f"The connection {key} is deleted.")
    if not revoked:
        note("the provider did not revoke its refresh token: the user can end the access there")


def _forecasts(deployed: DeployedConnections) -> list[Forecast]:
    now = datetime.now(UTC)
    definitions: dict[str, CredentialDefinition | None] = {}
    found = []
    for connection in deployed.store.all():
        credential = connection.key.credential
        if credential not in definitions:
            definitions[credential] = deployed.credentials.read(credential, None).definition
        found.append(forecast(connection, definitions[credential], now=now))
    return sorted(found, key=lambda each: str(each.connection.key))


app.command("import")(import_refresh_token)
