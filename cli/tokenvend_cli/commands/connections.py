"""`connections`: manage users' consents, as an operator of the deployment."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tokenvend.consent.connection_import import ConnectionExistsError, import_connection
from tokenvend.consent.disconnection import end_connection
from tokenvend.domain.connection_health import Forecast, forecast
from tokenvend.domain.connection_request import is_tenant_value
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.names import TENANT_PARAMETER_PREFIX
from tokenvend.domain.scopes import format_scope, parse_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import NotBoundError
from tokenvend.domain.untrusted import Distrust
from tokenvend_cli.commands.context import (
    FAILED,
    AsJson,
    deployment_of,
    exits_on_error,
    is_terminal,
    note,
    print_json,
    say,
    show,
)
from tokenvend_cli.commands.provider_access import provider_client
from tokenvend_cli.commands.tables import short_time, table
from tokenvend_cli.deployment.audit_trail import AuditTrail
from tokenvend_cli.deployment.connection_names import parse_connection
from tokenvend_cli.deployment.connection_records import DeployedConnections
from tokenvend_cli.problems import CommandError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Users' consents: who gave one, and how long it will last.",
)

Connection = Annotated[
    str, typer.Argument(help="CREDENTIAL/OWNER/NAME, as `list` shows it.", show_default=False)
]
_IMPORTED = ("refresh_token", "account", "scope")


@app.command("list")
@exits_on_error
def list_connections(
    context: typer.Context,
    *,
    credential: Annotated[str | None, typer.Option(help="Of this credential only.")] = None,
    owner: Annotated[str | None, typer.Option(help="Of this caller only.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the connections: whose, how they are, until when.

    Example: tokenvend connections list --credential jobs-user
    """
    deployed = _connections_of(context)
    found = [
        each
        for each in _forecasts(deployed)
        if credential in (None, each.connection.key.credential)
        and owner in (None, each.connection.key.owner)
    ]
    rows = _rows(deployed, found)
    _print(rows, as_json=as_json, nothing="There are no connections.")


@app.command("show")
@exits_on_error
def show_connection(
    context: typer.Context, connection: Connection, *, as_json: AsJson = False
) -> None:
    """Show one connection: its account, its scopes, its times. No token is shown.

    Example: tokenvend connections show jobs-user/billing/acme-42
    """
    deployed, key = _connections_of(context), parse_connection(connection)
    found = deployed.store.read(key)
    if found is None:
        raise CommandError(f"there is no connection {key}")
    definition = deployed.credentials.read(key.credential, None).definition
    (row,) = _rows(deployed, [forecast(found, definition, now=datetime.now(UTC))])
    row |= {
        "account": found.consent.account if found.consent else None,
        "scope": format_scope(found.consent.scopes) if found.consent else None,
        "connected_at": found.consent.connected_at if found.consent else None,
        "refreshes": max(0, found.number - 1),
        "is_being_refreshed": found.redemption is not None,
        "waits_for_completion": found.pending is not None,
    }
    if found.consent is not None and found.consent.tenant is not None:
        row["host"] = found.consent.tenant.host
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        say(f"{name.replace('_', ' ')}: {_text(value)}")


@app.command("forecast")
@exits_on_error
def forecast_connections(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Name the connections whose users may have to consent again. Exits with 1 if there are any.

    An idle connection is refreshed at half of its refresh token's lifetime. OVERDUE: it was not.
    EXPIRING: little time is left. EXPIRED: no time is left. LOST: the provider refused it.

    Example: tokenvend connections forecast --json
    """
    deployed = _connections_of(context)
    rows = _rows(deployed, [each for each in _forecasts(deployed) if each.is_at_risk])
    _print(rows, as_json=as_json, nothing="No connection is at risk.")
    if rows:
        raise typer.Exit(FAILED)


@app.command("import")
@exits_on_error
def import_refresh_token(
    context: typer.Context,
    connection: Connection,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a connection that is there.")
    ] = False,
) -> None:
    """Take over a refresh token: JSON from standard input, or asked for. Never from an argument.

    The JSON has refresh_token. It may have account and scope, to which the user consented;
    scope defaults to all that the credential declares. Where the file has tenant_values, it
    has them too, such as tenant.domain. From now on, no other program may use the refresh token.

    Example: tokenvend connections import jobs-user/billing/acme-42 < refresh-token.json
    """
    deployed, key = _connections_of(context), parse_connection(connection)
    definition = deployed.definition(key.credential)
    given = _given()
    trail = AuditTrail(deployment_of(context), note)
    try:
        import_connection(
            deployed.store,
            definition,
            key,
            refresh_token=Secret(given["refresh_token"]),
            scopes=_scopes(given.get("scope"), definition),
            account=given.get("account"),
            tenant_values={
                name.removeprefix(TENANT_PARAMETER_PREFIX): value
                for name, value in given.items()
                if is_tenant_value(name)
            },
            replace=replace,
            now=datetime.now(UTC),
            publish=trail.publish,
        )
    except ConnectionExistsError:
        raise CommandError(f"{key} is there already: say --replace if that is meant") from None
    except NotBoundError as error:
        raise UsageError(str(error)) from None
    say(f"{key} is there. Its refresh token is used when a token is first asked for.")


@app.command()
@exits_on_error
def disconnect(context: typer.Context, connection: Connection) -> None:
    """End a connection: nobody gets a token of it any more, and the provider is told.

    Tokens that were already vended live on until they expire, unless the provider ends them.

    Example: tokenvend connections disconnect jobs-user/billing/acme-42
    """
    deployment, key = deployment_of(context), parse_connection(connection)
    deployed, trail = _connections_of(context), AuditTrail(deployment, note)
    deleted, revoked = end_connection(
        deployed.store,
        key,
        deployed.credentials.read(key.credential, None).definition,
        secrets=deployed.secrets,
        provider=provider_client(deployment),
        publish=trail.publish,
    )
    if deleted is None:
        raise CommandError(f"there is no connection {key}, or it could not be trusted")
    say(f"{key} is gone.")
    if not revoked:
        note("its provider was not told, or did not agree: the user may end it there")


def _connections_of(context: typer.Context) -> DeployedConnections:
    def untrusted(item: str, reason: Distrust) -> None:
        note(f"{item} was left out: {reason.value.replace('_', ' ')}")

    return DeployedConnections(deployment_of(context), untrusted)


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


def _rows(deployed: DeployedConnections, found: list[Forecast]) -> list[dict[str, Any]]:
    blocked = deployed.blocked([each.connection.key for each in found])
    return [_row(each, is_blocked=each.connection.key in blocked) for each in found]


def _row(each: Forecast, *, is_blocked: bool) -> dict[str, Any]:
    consent = each.connection.consent
    return {
        "connection": str(each.connection.key),
        "blocked": is_blocked,
        "health": each.health.value,
        "refreshed_at": consent.refreshed_at if consent else None,
        "refresh_token_expires_at": each.refresh_token_expires_at,
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{short_time(value)} UTC"
    return "not known" if value is None else str(value)


def _print(rows: list[dict[str, Any]], *, as_json: bool, nothing: str) -> None:
    if as_json:
        print_json(rows)
    elif rows:
        show(table([_short(row) for row in rows]))
    else:
        say(nothing)


def _short(row: dict[str, Any]) -> dict[str, Any]:
    refreshed, deadline = row["refreshed_at"], row["refresh_token_expires_at"]
    return {
        "health": row["health"] + (", blocked" if row["blocked"] else ""),
        "refreshed (UTC)": short_time(refreshed) if refreshed else "",
        "dies (UTC)": short_time(deadline) if deadline else "",
        "connection": row["connection"],
    }


def _given() -> dict[str, str]:
    given = _prompted() if is_terminal() else _from_standard_input()
    known = isinstance(given, dict) and all(
        name in _IMPORTED or is_tenant_value(name) for name in given
    )
    if not known or not all(isinstance(value, str) and value for value in given.values()):
        raise UsageError(f"standard input must be a JSON object of {', '.join(_IMPORTED)}")
    token = given.get("refresh_token")
    if token is None or not (token.isascii() and token.isprintable()) or token != token.strip():
        raise UsageError("refresh_token is needed, without white space around it")
    return dict(given)


def _prompted() -> dict[str, str]:
    # Standard output is for the answer alone.
    return {"refresh_token": typer.prompt("refresh_token", hide_input=True, err=True)}


def _from_standard_input() -> Any:
    try:
        return json.loads(sys.stdin.read())
    except (ValueError, RecursionError):
        return None


def _scopes(text: str | None, definition: CredentialDefinition) -> frozenset[str]:
    try:
        scopes = parse_scope(text or "")
    except ValueError as error:
        raise UsageError(str(error)) from None
    beyond = scopes - definition.scopes
    if definition.scopes and beyond:
        raise UsageError(f"{definition.name} does not declare {format_scope(beyond)}")
    return scopes or definition.scopes
