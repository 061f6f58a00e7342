"""`connections import`: take over a refresh token that another program held."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tokenvend.consent.connection_import import ConnectionExistsError, import_connection
from tokenvend.domain.connection_request import is_tenant_value
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.names import TENANT_PARAMETER_PREFIX
from tokenvend.domain.scopes import format_scope, parse_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import NotBoundError
from tokenvend_cli.commands.context import (
    ConnectionName,
    connections_of,
    deployment_of,
    exits_on_error,
    is_terminal,
    note,
    say,
)
from tokenvend_cli.deployment.audit_trail import AuditTrail
from tokenvend_cli.deployment.connection_names import parse_connection
from tokenvend_cli.problems import CommandError, UsageError

_IMPORTED = ("refresh_token", "account", "scope")


@exits_on_error
def import_refresh_token(
    context: typer.Context,
    connection: ConnectionName,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the connection if it exists.")
    ] = False,
) -> None:
    """Import a user's refresh token from another program, on standard input or at the prompt.

    Give a JSON object with refresh_token. It may also have account and scope, to which the user
    consented; by default, scope is what the credential declares. If the file has tenant_values,
    give them too, such as tenant.domain.

    From now on, no other program may use the refresh token.

    Example: tokenvend connections import jobs-user/billing/acme-42 < refresh-token.json
    """
    deployed, key = connections_of(context), parse_connection(connection)
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
        raise CommandError(
            f"the connection {key} exists already: to replace it, add --replace"
        ) from None
    except NotBoundError as error:
        raise UsageError(str(error)) from None
    say(f"The connection {key} is imported. The first request for a token uses its refresh token.")


def _given() -> dict[str, str]:
    given = _prompted() if is_terminal() else _from_standard_input()
    known = isinstance(given, dict) and all(
        name in _IMPORTED or is_tenant_value(name) for name in given
    )
    if not known or not all(isinstance(value, str) and value for value in given.values()):
        raise UsageError(
            f"standard input must be a JSON object with the keys {', '.join(_IMPORTED)}"
        )
    token = given.get("refresh_token")
    if token is None or not (token.isascii() and token.isprintable()) or token != token.strip():
        raise UsageError(
            "refresh_token is missing, or has white space or other characters that no token has"
        )
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
        raise UsageError(f"{definition.name} does not declare these scopes: {format_scope(beyond)}")
    return scopes or definition.scopes
