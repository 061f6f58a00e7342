"""`explain`: what a caller would get and by which rule, without vending."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from tokenvend.domain.errors import SubjectTokenError, TokenVendError
from tokenvend.domain.request import VendRequest, parse_vend_request
from tokenvend_cli.commands.context import (
    DEFAULT_FILE,
    FAILED,
    AsJson,
    File,
    deployment_of,
    exits_on_error,
    note,
    print_json,
    registry_of,
    show,
)
from tokenvend_cli.commands.explained_identity import requested_identities, requested_user
from tokenvend_cli.commands.verdict import NOT_KNOWN, Items, refusal, verdict_of
from tokenvend_cli.configuration.checked import check_file, only_for
from tokenvend_cli.configuration.discovery import discover
from tokenvend_cli.configuration.providers import Provider, undiscovered
from tokenvend_cli.problems import IssuerAwayError, UsageError

_IN_THE_HEADLINE = frozenset({"decision", "identity", "caller", "credential"})
_REFUSED_STYLE, _GRANTED_STYLE = "bold red", "bold green"


@exits_on_error
def explain(
    context: typer.Context,
    credential: Annotated[str, typer.Option(help="The credential of which a token is requested.")],
    *,
    caller: Annotated[str | None, typer.Option(help="The caller, by its name in the file.")] = None,
    identity: Annotated[
        str | None,
        typer.Option(
            help="Or one of its identities: ARN of a role, user or session, or client:ID."
        ),
    ] = None,
    claims: Annotated[
        str | None,
        typer.Option(help="Or the claims of its subject token: a JSON object with iss and sub."),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(help="The claims of a user's token: a JSON object with iss, sub and aud."),
    ] = None,
    scope: Annotated[
        str | None, typer.Option(help="The requested scopes, separated by spaces.")
    ] = None,
    audience: Annotated[str | None, typer.Option(help="The requested audience.")] = None,
    resource: Annotated[
        list[str] | None, typer.Option(help="A requested resource; repeatable.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="The tenant of a family.")] = None,
    connection: Annotated[
        str | None, typer.Option(help="The name of the user's connection.")
    ] = None,
    file: File = DEFAULT_FILE,
    deployed: Annotated[
        bool,
        typer.Option(
            "--deployed", help="Decide by what is deployed, with its blocks, not by the file."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show whether a caller would get a token, and which rule decides. Exits with 1 if not.

    It requests no token. It assumes that the caller can prove its identity: of a subject token, it
    checks the subject and the claims, but not the signature, the audience or the times.

    Example: tokenvend explain --caller billing --credential sr-jobs --scope jobs_read
    """
    requested = {"scope": scope, "audience": audience, "resource": resource or None}
    requested |= {"tenant": tenant, "connection": connection}
    request = _request(credential, requested)
    if user is not None:
        request = replace(request, user=requested_user(user))
    items = _deployed_items(context) if deployed else _file_items(file, credential)
    try:
        identities = requested_identities(
            list(items.values()), caller=caller, identity=identity, claims=claims
        )
        verdicts = [verdict_of(items, each, request) for each in identities]
    except SubjectTokenError as error:
        verdicts = [
            refusal(
                {"identity": "the subject token", "caller": None, "credential": credential}, error
            )
        ]
    if as_json:
        print_json(verdicts)
    else:
        for each in verdicts:
            _show(each)
    if any(each["decision"] == "refused" for each in verdicts):
        raise typer.Exit(FAILED)


def _request(credential: str, requested: Mapping[str, object]) -> VendRequest:
    parameters = {name: value for name, value in requested.items() if value is not None}
    try:
        return parse_vend_request(credential, parameters)
    except TokenVendError as error:
        raise UsageError(error.description) from None


def _file_items(file: Path, credential: str) -> Items:
    # `apply` checks http on the loopback interface, because it knows where it deploys.
    choose = only_for(credential, _discover_if_there)
    return {item.key: item for item in check_file(file, choose, local_stack=True).items}


def _discover_if_there(issuer: str) -> Provider:
    """Read the issuer's metadata; if the issuer is away, only the token endpoint stays unknown."""
    try:
        return discover(issuer)
    except IssuerAwayError as error:
        note(f"{issuer} does not answer, so the token endpoint is not known: {error}")
        return replace(undiscovered(issuer), token_endpoint=NOT_KNOWN)


def _deployed_items(context: typer.Context) -> Items:
    return {item.key: item for item in registry_of(deployment_of(context)).read().items}


def _show(verdict: dict[str, Any]) -> None:
    style = _GRANTED_STYLE if verdict["decision"] == "granted" else _REFUSED_STYLE
    line = Text.assemble((verdict["decision"], style), f"  {verdict['identity']}")
    if verdict["caller"] is not None:
        line.append(f" ({verdict['caller']})", "dim")
    show(line.append(f" -> {verdict['credential']}"))
    for name, value in verdict.items():
        if name in _IN_THE_HEADLINE or value in {None, ""}:
            continue
        shown = {True: "with other callers", False: "with nobody"}.get(value, value)
        label = name.replace("_", " ") if name != "key" else "key in the table"
        show(Text.assemble((f"  {label:17}", "dim"), str(shown)))
