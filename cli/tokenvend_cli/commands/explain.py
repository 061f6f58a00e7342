"""`explain`: what a caller would get and by which rule, without vending."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    SETTINGS,
    RegistryItem,
    credential_pk,
    parse_caller,
    parse_definition,
    parse_grant,
)
from tokenvend.domain.decision import decide
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.request import VendRequest, parse_vend_request
from tokenvend.domain.scopes import format_scope
from tokenvend_cli.commands.context import (
    FAILED,
    AsJson,
    File,
    deployment_of,
    out,
    print_json,
    registry_of,
    told,
)
from tokenvend_cli.commands.plan import DEFAULT_FILE, checked
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.problems import CommandError

type Items = dict[tuple[str, str], RegistryItem]


@told
def explain(
    context: typer.Context,
    caller: Annotated[str, typer.Option(help="The caller's name.")],
    credential: Annotated[str, typer.Option(help="The credential it would ask for.")],
    *,
    scope: Annotated[str | None, typer.Option(help="Scopes, separated by spaces.")] = None,
    audience: Annotated[str | None, typer.Option()] = None,
    resource: Annotated[str | None, typer.Option()] = None,
    tenant: Annotated[str | None, typer.Option()] = None,
    file: File = DEFAULT_FILE,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="Ask what is deployed instead of the file.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a caller would get, and by which rule. Exits with 1 if it is refused.

    Example: tokenvend explain --caller billing --credential sr-jobs --scope jobs_read
    """
    items = _deployed_items(context) if deployed else _file_items(file)
    asked = {"scope": scope, "audience": audience, "resource": resource, "tenant": tenant}
    parameters = {name: value for name, value in asked.items() if value is not None}
    verdicts = _verdicts(items, caller, credential, parameters)
    if as_json:
        print_json(verdicts)
    else:
        for verdict in verdicts:
            _show(verdict)
    if any(verdict["decision"] == "refused" for verdict in verdicts):
        raise typer.Exit(FAILED)


def _file_items(file: Path) -> Items:
    configuration, providers = checked(file, local_stack=True)
    return {item.key: item for item in compile_registry(configuration, providers)}


def _deployed_items(context: typer.Context) -> Items:
    return {item.key: item for item in registry_of(deployment_of(context)).items()}


def _verdicts(
    items: Items, caller: str, credential: str, parameters: dict[str, str]
) -> list[dict[str, Any]]:
    identities = [
        pk
        for (pk, sk), item in items.items()
        if sk == SETTINGS and item.document.get("caller") == caller
    ]
    if not identities:
        raise CommandError(f"there is no caller {caller}")
    try:
        request = parse_vend_request(credential, parameters)
    except TokenVendError as error:
        raise CommandError(error.description) from None
    return [_verdict(items, identity, request) for identity in identities]


def _verdict(items: Items, identity: str, request: VendRequest) -> dict[str, Any]:
    view = _view(items, identity, request.credential)
    # The proof itself is taken for granted: the question is what it would give.
    pinned = view.caller.unique_id if view.caller else None
    proof = Proof(Entry.IAM, identity, unique_id=pinned)
    base = {"identity": identity, "credential": request.credential}
    try:
        decision = decide(proof, request, view, now=datetime.now(UTC))
    except TokenVendError as error:
        return base | {
            "decision": "refused",
            "error": error.code,
            "rule": error.rule,
            "reason": error.description,
        }
    return base | {
        "decision": "granted",
        "rule": "granted",
        "scope": format_scope(decision.spec.scopes),
        "scope_mode": decision.definition.scope_mode.value,
        "observed_scope": format_scope(decision.observed_scopes),
        "tenant": decision.spec.tenant,
        "audience": decision.spec.audience,
        "resource": decision.spec.resource,
        "shared_with_other_callers": decision.spec.caller is None,
        "lifetime": "expires_in, else the JWT's exp, else"
        f" {decision.definition.default_lifetime_seconds} s",
    }


def _view(items: Items, identity: str, credential: str) -> RegistryView:
    definition = credential_pk(credential)
    settings = items.get((identity, SETTINGS))
    grant = items.get((identity, credential))
    defined = items.get((definition, SETTINGS))
    return RegistryView(
        caller=parse_caller(settings.document) if settings else None,
        caller_blocked=(identity, BLOCKED) in items,
        grant=parse_grant(grant.document) if grant else None,
        definition=parse_definition(defined.document) if defined else None,
        credential_blocked=(definition, BLOCKED) in items,
    )


def _show(verdict: dict[str, Any]) -> None:
    colour = "green" if verdict["decision"] == "granted" else "red"
    out.print(
        f"[{colour}]{verdict['decision']}[/] {verdict['identity']} -> {verdict['credential']}"
    )
    for name, value in verdict.items():
        if name not in {"decision", "identity", "credential"} and value not in {None, ""}:
            out.print(f"  {name}: {value}", markup=False, highlight=False)
