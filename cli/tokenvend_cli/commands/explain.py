"""`explain`: what a caller would get and by which rule, without vending."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    SETTINGS,
    RegistryItem,
    blocked_owners,
    connection_block_pk,
    credential_pk,
    parse_caller,
    parse_grant,
)
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.decision import Decision, decide
from tokenvend.domain.errors import SubjectTokenError, TokenVendError
from tokenvend.domain.identity import (
    Entry,
    Proof,
    Workload,
)
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.request import VendRequest, parse_vend_request
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.secret import Secret
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
from tokenvend_cli.commands.shown_request import shown_request, shown_static_credential
from tokenvend_cli.configuration.checked import check_file, only_for
from tokenvend_cli.configuration.discovery import discover
from tokenvend_cli.configuration.providers import Provider, undiscovered
from tokenvend_cli.problems import IssuerAwayError, UsageError

#: Placeholder for an unknown endpoint; no secret is sent to it, and it is never shown.
_NOT_KNOWN = "https://not-known.invalid/"

type Items = dict[tuple[str, str], RegistryItem]

#: Reasons that a caller never sees, because all refusals must look the same to it.
_REASONS: dict[str, str] = {
    Rule.CALLER_KNOWN: "No caller has this identity.",
    Rule.CALLER_BLOCKED: "It is blocked: see `tokenvend blocks`.",
    Rule.GRANT_EXISTS: "No grant is for this caller and this credential.",
    Rule.CREDENTIAL_EXISTS: "The credential of this grant is not there.",
    Rule.CONNECTION_GRANTED: "The grant does not reach this connection.",
    Rule.CONNECTION_BLOCKED: "The connection is blocked: see `tokenvend blocks`.",
    Rule.CREDENTIAL_BLOCKED: "The credential is blocked: see `tokenvend blocks`.",
}
_IN_THE_HEADLINE = frozenset({"decision", "identity", "caller", "credential"})
_REFUSED_STYLE, _GRANTED_STYLE = "bold red", "bold green"


@exits_on_error
def explain(
    context: typer.Context,
    credential: Annotated[str, typer.Option(help="The credential that it would ask for.")],
    *,
    caller: Annotated[str | None, typer.Option(help="A caller, by its name.")] = None,
    identity: Annotated[
        str | None,
        typer.Option(help="Or one identity: a role's, user's or session's ARN, or client:ID."),
    ] = None,
    claims: Annotated[
        str | None,
        typer.Option(help="Or a subject token's claims, as a JSON object with iss and sub."),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(help="The signed-in user's token's claims: a JSON object with iss, sub, aud."),
    ] = None,
    scope: Annotated[str | None, typer.Option(help="Scopes, separated by spaces.")] = None,
    audience: Annotated[str | None, typer.Option(help="As in a request.")] = None,
    resource: Annotated[
        list[str] | None, typer.Option(help="As in a request, once or several times.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="As in a request.")] = None,
    connection: Annotated[str | None, typer.Option(help="As in a request.")] = None,
    file: File = DEFAULT_FILE,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="Ask what is deployed, blocks too, not the file.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a caller would get, and by which rule. Exits with 1 if it is refused.

    It assumes that the caller can prove its identity. Of a subject token only the subject and the
    claims are checked, not its signature, its audience or its times.

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
        verdicts = [_verdict(items, each, request) for each in identities]
    except SubjectTokenError as error:
        verdicts = [
            _refusal(
                {"identity": "the subject token", "caller": None, "credential": credential}, error
            )
        ]
    if as_json:
        print_json(verdicts)
    else:
        for verdict in verdicts:
            _show(verdict)
    if any(verdict["decision"] == "refused" for verdict in verdicts):
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
        note(f"{issuer} is away, so where tokens are asked for is not known: {error}")
        return replace(undiscovered(issuer), token_endpoint=_NOT_KNOWN)


def _deployed_items(context: typer.Context) -> Items:
    return {item.key: item for item in registry_of(deployment_of(context)).read().items}


def _verdict(items: Items, identity: str, request: VendRequest) -> dict[str, Any]:
    view = _view(items, identity, request)
    proof, view = _proven(identity, view)
    base = {
        "identity": identity,
        "caller": view.caller.name if view.caller else None,
        "credential": request.credential,
    }
    try:
        decision = decide(proof, request, view, now=datetime.now(UTC))
    except TokenVendError as error:
        return _refusal(base, error)
    return base | {"decision": "granted", "rule": "granted"} | _token(decision)


def _refusal(base: dict[str, Any], error: TokenVendError) -> dict[str, Any]:
    return base | {
        "decision": "refused",
        "rule": str(error.rule),
        "error": error.code,
        "reason": _REASONS.get(error.rule, error.description),
    }


def _proven(identity: str, view: RegistryView) -> tuple[Proof, RegistryView]:
    """Return a proof at the entry that *identity* uses, and a registry view that accepts it."""
    if identity.startswith("oidc:"):
        return Proof(Entry.OAUTH2, identity, workload=Workload("any", "any")), view
    if not identity.startswith("client:"):
        pinned = view.caller.unique_id if view.caller else None
        return Proof(Entry.IAM, identity, unique_id=pinned), view
    secret = Secret("any")
    proof = Proof(Entry.OAUTH2, identity, client_secret=secret)
    return proof, replace(view, client_secret_hashes=(secret.sha256,))


def _token(decision: Decision) -> dict[str, Any]:
    """Describe what determines the token, and whether callers share it."""
    spec, definition = decision.spec, decision.definition
    if definition.kind is CredentialKind.API_KEY:
        return {
            "kind": definition.kind.value,
            "tenant": spec.tenant,
            **shown_static_credential(definition),
        }
    if decision.connection is not None:
        # The registry does not hold consents, so `explain` cannot show them.
        return {
            "connection": str(decision.connection),
            **_consented(decision),
            "observed_scope": format_scope(decision.observed_scopes),
            "token_endpoint": _known(definition.token_endpoint),
            **_shown_request(decision),
        }
    return {
        "scope": format_scope(spec.scopes),
        "scope_mode": definition.scope_mode.value,
        "observed_scope": format_scope(decision.observed_scopes),
        "tenant": spec.tenant,
        "audience": spec.audience,
        "resource": " ".join(spec.resources) or None,
        "token_endpoint": _known(definition.token_endpoint),
        **_shown_request(decision),
        "lifetime": "expires_in of the answer, else exp of a JWT, else"
        f" {definition.default_lifetime_seconds} s",
        "shared": spec.caller is None,
        "key": decision.key if _known(definition.token_endpoint) else None,
    }


def _consented(decision: Decision) -> dict[str, str]:
    """Describe the scopes of a connection's token, as far as the file alone tells."""
    scope, flow = format_scope(decision.spec.scopes), decision.definition.flow
    pkce = {"pkce": f"not used: {flow.without_pkce}"} if flow.without_pkce else {}
    if not flow.refresh_names_scopes:
        return pkce | {"scope": "all that its user consented to", "refresh": "names no scopes"}
    return pkce | {"scope": f"{scope}, as far as its user consented", "refresh": "names its scopes"}


def _shown_request(decision: Decision) -> dict[str, str | None]:
    return shown_request(decision) if _known(decision.definition.token_endpoint) else {}


def _known(endpoint: str) -> str | None:
    return None if endpoint == _NOT_KNOWN else endpoint


def _view(items: Items, identity: str, request: VendRequest) -> RegistryView:
    credential = request.credential
    definition = credential_pk(credential)
    on_connection = connection_block_pk(credential, request.connection_name or "")
    block = items.get((on_connection, BLOCKED))
    settings = items.get((identity, SETTINGS))
    grant = items.get((identity, credential))
    defined = items.get((definition, SETTINGS))
    return RegistryView(
        caller=parse_caller(settings.document) if settings else None,
        caller_blocked=(identity, BLOCKED) in items,
        grant=parse_grant(grant.document) if grant else None,
        definition=parse_definition(defined.document) if defined else None,
        credential_blocked=(definition, BLOCKED) in items,
        blocked_owners=blocked_owners(block.to_item() if block else None),
    )


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
