"""Show a token request or a static credential, with a name in place of each secret."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tokenvend.domain.api_request_description import parse_api_request
from tokenvend.domain.credential_definition import ClientAuthentication, CredentialDefinition
from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.refresh import build_refresh_request
from tokenvend.domain.oauth.templates import TOKEN
from tokenvend.domain.oauth.token_request import (
    ParametersIn,
    ProviderRequest,
    ProviderSecret,
    build_token_request,
)
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_fields import secret_fields, secret_of
from tokenvend.domain.tenant_values import unfilled
from tokenvend.domain.token_presentation import BEARER

_BASIC = frozenset({ClientAuthentication.BASIC, ClientAuthentication.BASIC_UNENCODED})
_SIGNED = "(signed when it is sent)"
_USERS = Secret("(the user's own token)")
#: Characters that are not percent-encoded in the output, so that names of secrets stay readable.
_READABLE = "{}.:/()"


def shown_request(decision: Decision) -> dict[str, str | None]:
    """Return the request, its headers and its body, as texts. No secret is read for it."""
    definition = unfilled(decision.definition)
    try:
        request = _request(definition, decision, named_secret(definition))
    except TokenVendError as error:
        return {"request": error.description}
    query = dict(request.query)
    body: str | None = None
    parameters = dict(request.form)
    if request.assertion is not None:
        parameters["client_assertion"] = _SIGNED
    if request.grant is not None and request.grant.parameter is not None:
        parameters[request.grant.parameter] = _SIGNED
    match request.parameters_in:
        case ParametersIn.FORM:
            body = _as_form(parameters)
        case ParametersIn.JSON:
            body = json.dumps(parameters)
        case ParametersIn.QUERY:
            query |= parameters
    url = f"{request.url}?{_as_form(query)}" if query else request.url
    return {
        "request": f"{request.method} {url}",
        "request_headers": _headers(request, definition),
        "request_body": body,
        "client_certificate": "{secret.certificate}" if request.certificate else None,
    }


def shown_static_credential(definition: CredentialDefinition) -> dict[str, str | None]:
    """Return where each part of a static credential goes. No secret is read for it."""
    described = definition.api_request
    if "header_name" in described:
        return {"header": f"{described['header_name']}: {described.get('header_prefix', '')}…"}
    headers, query = _shown_parts(definition)
    shown = {"headers": ", ".join(headers), "query": query} | _path_and_body(described)
    return {name: each or None for name, each in shown.items()}


def shown_api_request(definition: CredentialDefinition) -> str:
    """Return how a request to the API carries a token. No secret is read for it."""
    definition = unfilled(definition)
    if not definition.api_request:
        return f"{BEARER.name}: {BEARER.prefix}{TOKEN}"
    headers, query = _shown_parts(definition)
    more = _path_and_body(definition.api_request)
    others = [f"{name}: {each}" for name, each in more.items() if each]
    return ", ".join((*headers, *([f"?{query}"] if query else []), *others))


def _path_and_body(described: Mapping[str, Any]) -> dict[str, str]:
    body = described.get("body")
    return {
        "path_prefix": str(described.get("path_prefix", "")),
        "body": json.dumps(body) if body else "",
    }


def _shown_parts(definition: CredentialDefinition) -> tuple[list[str], str]:
    parsed = parse_api_request(definition.api_request, definition.kind)
    headers = dict(parsed.headers)
    if parsed.basic is not None:
        headers[parsed.basic_header] = "{} ({}:{})".format(parsed.basic_scheme, *parsed.basic)
    return [f"{name}: {value}" for name, value in headers.items()], _as_form(parsed.query)


def _request(
    definition: CredentialDefinition, decision: Decision, secret: ProviderSecret
) -> ProviderRequest:
    if decision.connection is None:
        user_token = _USERS if definition.acts_for_users else None
        return build_token_request(definition, decision.spec, secret, user_token=user_token)
    return build_refresh_request(
        definition,
        Secret("(of the consent)"),
        secret,
        requested_scopes=decision.spec.scopes if definition.flow.refresh_names_scopes else None,
    )


def named_secret(definition: CredentialDefinition) -> ProviderSecret:
    """Return a stand-in for the secret: the value of each field is the field's name."""
    values = {name: f"{{secret.{name}}}" for name in secret_fields(definition)}
    return secret_of(definition, values, allowed_host="")


def _headers(request: ProviderRequest, definition: CredentialDefinition) -> str:
    shown = dict(request.headers)
    if definition.client_authentication in _BASIC:
        client_id = definition.client_id or "{secret.client_id}"
        shown["Authorization"] = f"Basic ({client_id}:{{secret.client_secret}})"
    if request.grant is not None and request.grant.parameter is None:
        shown["Authorization"] = f"Bearer {_SIGNED}"
    return ", ".join(f"{name}: {value}" for name, value in shown.items())


def _as_form(parameters: Mapping[str, Any]) -> str:
    return urlencode(parameters, safe=_READABLE, doseq=True)
