"""Decide what one identity would get, as `explain` shows it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

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
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.identity import EntryPoint, Proof, Workload
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.secret import Secret
from tokenvend_cli.commands.shown_jwt import shown_jwt
from tokenvend_cli.commands.shown_request import (
    shown_api_request,
    shown_request,
    shown_static_credential,
)

#: Placeholder for an unknown endpoint; no secret is sent to it, and it is never shown.
NOT_KNOWN = "https://not-known.invalid/"

type Items = dict[tuple[str, str], RegistryItem]

#: Reasons that a caller never sees, because all refusals must look the same to it.
_REASONS: dict[str, str] = {
    Rule.CALLER_KNOWN: "No caller has this identity.",
    Rule.CALLER_BLOCKED: "The caller is blocked: see `tokenvend blocks`.",
    Rule.GRANT_EXISTS: "There is no grant of this credential to this caller.",
    Rule.CREDENTIAL_EXISTS: "The grant names a credential that does not exist.",
    Rule.CONNECTION_GRANTED: "The grant does not allow this connection.",
    Rule.CONNECTION_BLOCKED: "The connection is blocked: see `tokenvend blocks`.",
    Rule.CREDENTIAL_BLOCKED: "The credential is blocked: see `tokenvend blocks`.",
}


def verdict_of(items: Items, identity: str, request: VendRequest) -> dict[str, Any]:
    """Return what *identity* would get for *request*, and by which rule."""
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
        return refusal(base, error)
    return base | {"decision": "granted", "rule": "granted"} | _token(decision)


def refusal(base: dict[str, Any], error: TokenVendError) -> dict[str, Any]:
    """Return *base* with the refusal of *error*, and its reason for an operator."""
    return base | {
        "decision": "refused",
        "rule": str(error.rule),
        "error": error.code,
        "reason": _REASONS.get(error.rule, error.description),
    }


def _proven(identity: str, view: RegistryView) -> tuple[Proof, RegistryView]:
    """Return a proof at the entry that *identity* uses, and a registry view that accepts it."""
    if identity.startswith("oidc:"):
        return Proof(EntryPoint.OAUTH2, identity, workload=Workload("any", "any")), view
    if not identity.startswith("client:"):
        pinned = view.caller.unique_id if view.caller else None
        return Proof(EntryPoint.IAM, identity, unique_id=pinned), view
    secret = Secret("any")
    proof = Proof(EntryPoint.OAUTH2, identity, client_secret=secret)
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
            "api_request": shown_api_request(definition),
        }
    if definition.kind is CredentialKind.SIGNED_JWT:
        return {
            "kind": definition.kind.value,
            "scope": format_scope(spec.scopes),
            "observed_scope": format_scope(decision.observed_scopes),
            "tenant": spec.tenant,
            **shown_jwt(decision),
            "api_request": shown_api_request(definition),
            "shared": spec.caller is None,
            "key": decision.key,
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
        "api_request": shown_api_request(definition),
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
    return None if endpoint == NOT_KNOWN else endpoint


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
