"""Build and parse the part of a credential's definition that says how users consent."""

from dataclasses import fields
from typing import Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.domain.consent_flow import ConsentFlow
from tokenvend.domain.credential_definition import Authorization

_FLOW_TEXTS = ("refresh_endpoint", "code_in_callback", "code_parameter", "fragment", "without_pkce")


def build_authorization(authorization: Authorization) -> dict[str, Any]:
    """Build the part of the definition's document from *authorization*."""
    flow = _build_flow(authorization.flow)
    return {
        "endpoint": authorization.endpoint,
        "redirect_uri": authorization.redirect_uri,
        "issuer": authorization.issuer,
        "requires_iss": authorization.requires_iss,
        "parameters": dict(authorization.parameters),
        "scope_words": dict(authorization.scope_words),
        "refresh_token_days": authorization.refresh_token_days,
        "provider_title": authorization.provider_title,
        "account_endpoint": authorization.account_endpoint,
        "account_field": authorization.account_field,
        **({"flow": flow} if flow else {}),
    }


def parse_authorization(document: documents.Fields) -> Authorization | None:
    """Parse what `build_authorization` built; `None` if users do not consent to the credential.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    if document.get("authorization") is None:
        return None
    part = documents.mapping(document, "authorization")
    return Authorization(
        endpoint=documents.text(part, "endpoint"),
        redirect_uri=documents.text(part, "redirect_uri"),
        issuer=documents.optional_text(part, "issuer"),
        requires_iss=documents.flag(part, "requires_iss"),
        parameters=documents.texts_by_name(part, "parameters"),
        scope_words=documents.texts_by_name(part, "scope_words"),
        refresh_token_days=documents.optional_count(part, "refresh_token_days"),
        provider_title=documents.optional_text(part, "provider_title"),
        account_endpoint=documents.optional_text(part, "account_endpoint"),
        account_field=documents.optional_text(part, "account_field") or "sub",
        flow=_parse_flow(documents.optional_mapping(part, "flow")),
    )


def _build_flow(flow: ConsentFlow) -> dict[str, Any]:
    """Build the fields of *flow* that differ from their defaults."""
    return {
        each.name: getattr(flow, each.name)
        for each in fields(flow)
        if getattr(flow, each.name) != each.default
    }


def _parse_flow(part: documents.Fields) -> ConsentFlow:
    """Parse what `_build_flow` built. A missing field, as in an older document, has its default."""
    known: dict[str, Any] = {
        name: documents.text(part, name) for name in _FLOW_TEXTS if name in part
    }
    if "refresh_names_scopes" in part:
        known["refresh_names_scopes"] = documents.flag(part, "refresh_names_scopes")
    return ConsentFlow(**known)
