"""Describe a provider's token request: its parameters, their places and their values.

A description is data: names, texts and placeholders. `{secret.account_id}` is replaced by the field
`account_id` of the credential's secret, and `{{` by a brace. The registry has a description as a
JSON object, which is parsed when a request is built.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.jwt_bearer import (
    GRANT_TYPE,
    AssertionDescription,
    grant_assertion,
    parse_assertion_description,
    templates_in,
)
from tokenvend.domain.oauth.on_behalf_of import DEFAULTS, OnBehalfOf, on_behalf_of_parameters
from tokenvend.domain.oauth.templates import TEMPLATE, PlaceholderValues, names_in
from tokenvend.domain.oauth.token_request import ParametersIn, ProviderRequest, ProviderSecret
from tokenvend.domain.secret import Secret

_STANDARD_GRANT = "client_credentials"
#: What holds for one kind of request alone, by the request's grant type.
ONE_REQUEST = {"authorization_code": "code_exchange", "refresh_token": "refresh"}
#: The parts of a description of which one kind of request may have more.
_PARAMETERS = ("parameters", "query")
_TEMPLATES = (*_PARAMETERS, "headers")
#: How deeply objects and lists may be nested.
DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDescription:
    """A description; its defaults are those of RFC 6749 §4.4.2.

    `grant_type` is `None` if none is sent. `parameters` go where `parameters_in` says, together
    with those of the standard; `query` and `headers` are sent as well. Their texts may have
    placeholders. Only in a JSON body may a parameter be something else than a text. `assertion`
    describes the grant if it is a signed assertion, and `on_behalf_of` the form of a request with a
    user's own token.
    """

    grant_type: str | None = _STANDARD_GRANT
    method: str = "POST"
    parameters_in: ParametersIn = ParametersIn.FORM
    parameters: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    assertion: AssertionDescription | None = None
    on_behalf_of: OnBehalfOf | None = None


def parse_request_description(document: Mapping[str, object]) -> RequestDescription:
    """Parse *document* as a description; whatever it leaves out is as in RFC 6749.

    Raises:
        ValueError: it is not a description.
    """
    known: dict[str, Any] = {}
    for name in _TEMPLATES:
        if (values := document.get(name)) is not None:
            known[name] = _templates(values, name)
    if (place := document.get("parameters_in")) is not None:
        known["parameters_in"] = ParametersIn(str(place))
    for name in ("grant_type", "method"):
        if (text := document.get(name)) is not None:
            if not isinstance(text, str) or not text:
                raise ValueError(f"{name} is not a text")
            known[name] = text
    if (assertion := document.get("assertion")) is not None:
        known["assertion"] = parse_assertion_description(assertion)
        known.setdefault("grant_type", GRANT_TYPE)
        _templates({"": templates_in(assertion)}, "assertion")
    if (form := document.get("on_behalf_of")) is not None:
        known["on_behalf_of"] = OnBehalfOf(str(form))
        known.setdefault("grant_type", known["on_behalf_of"].grant_type)
    if document.get("omit_grant_type"):
        known["grant_type"] = None
    return _consistent(RequestDescription(**known))


def of_request(document: Mapping[str, Any], grant_type: object) -> Mapping[str, Any]:
    """Return *document* as it describes the request that has the standard's *grant_type*.

    Parameters of that request alone are added to the common ones, or replace those of the same
    name.

    Raises:
        ValueError: it is not a description.
    """
    own = document.get(ONE_REQUEST.get(str(grant_type), ""))
    if own is None:
        return document
    if not isinstance(own, Mapping) or not own.keys() <= set(_PARAMETERS):
        raise ValueError("what holds for one request alone is not parameters and a query")
    more = {
        part: {**_templates(document.get(part, {}), part), **_templates(own[part], part)}
        for part in _PARAMETERS
        if part in own
    }
    return {**document, **more}


def placeholders(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the secret's fields that *document* names, each once, in the document's order."""
    own = (document.get(name) for name in ONE_REQUEST.values())
    parts = (document, *(each for each in own if isinstance(each, Mapping)))
    templates = [each.get(name) for each in parts for name in _TEMPLATES]
    templates += templates_in(document.get("assertion"))
    texts = (text for each in templates for text in texts_in(each))
    return tuple(dict.fromkeys(name for text in texts for name in names_in(text)))


def apply_description(
    request: ProviderRequest,
    definition: CredentialDefinition,
    secret: ProviderSecret,
    *,
    user_token: Secret | None = None,
) -> ProviderRequest:
    """Change *request* as the `token_request` of *definition* says, with values from *secret*.

    A parameter of the standard takes precedence over one of the description. *user_token* is the
    token of the user on whose behalf the request is made.

    Raises:
        CredentialNotReadyError: this version cannot parse the description, a value is missing or
            not allowed in its place, or there is no *user_token* although one is needed.
    """
    description = _description_of(definition, request.form.get("grant_type"))
    filled = PlaceholderValues(secret)
    standard, defaults, grant = dict(request.form), {}, None
    secret_values = request.secret_values
    if standard.get("grant_type") == _STANDARD_GRANT:
        standard["grant_type"] = description.grant_type
        if description.grant_type is None:
            del standard["grant_type"]
        if (said := description.assertion) is not None:
            scope = standard.pop("scope", None) if said.scope_claim else None
            grant = grant_assertion(said, definition, secret, fill=filled.value, scope=scope)
        if (form := description.on_behalf_of) is not None:
            standard |= on_behalf_of_parameters(form, user_token)
            defaults = DEFAULTS.get(form, {})
            secret_values = (*secret_values, user_token) if user_token else secret_values
    headers = {name: filled.header(name, each) for name, each in description.headers.items()}
    described = {name.lower() for name in headers} - {"authorization"}
    unchanged = {
        name: each for name, each in request.headers.items() if name.lower() not in described
    }
    return replace(
        request,
        method=description.method,
        parameters_in=description.parameters_in,
        form=defaults | filled.value(description.parameters) | standard,
        query=filled.value(description.query),
        headers=headers | unchanged,
        secret_values=(*secret_values, *filled.secret_values.values()),
        grant=grant,
    )


def _description_of(definition: CredentialDefinition, grant_type: object) -> RequestDescription:
    try:
        return parse_request_description(of_request(definition.token_request, grant_type))
    except ValueError:
        raise CredentialNotReadyError(
            "The definition's token_request cannot be read; apply the file again.",
            rule="definition.token_request",
        ) from None


def _consistent(description: RequestDescription) -> RequestDescription:
    if description.method not in {"POST", "GET"}:
        raise ValueError("method is neither POST nor GET")
    if description.method == "GET" and description.parameters_in is not ParametersIn.QUERY:
        raise ValueError("a GET has no body")
    if description.parameters_in is not ParametersIn.JSON:
        _templates_of_texts(description.parameters)
    _templates_of_texts(description.query)
    _templates_of_texts(description.headers)
    return description


def _templates(document: object, name: str) -> Mapping[str, Any]:
    if not isinstance(document, Mapping) or is_too_deep(document):
        raise ValueError(f"{name} is not an object, or nested too deeply")
    if not all(TEMPLATE.fullmatch(text) for text in texts_in(document)):
        raise ValueError(f"{name} has a brace that is no placeholder's")
    return document


def _templates_of_texts(document: Mapping[str, object]) -> None:
    if not all(isinstance(each, str) for each in document.values()):
        raise ValueError("only a JSON body has parameters that are no texts")


def texts_in(document: object, depth: int = 0) -> Iterator[str]:
    """Yield every text in *document* that is nested at most `DEEPEST` levels deep."""
    match document:
        case str():
            yield document
        case Mapping() if depth < DEEPEST:
            for each in document.values():
                yield from texts_in(each, depth + 1)
        case list() if depth < DEEPEST:
            for each in document:
                yield from texts_in(each, depth + 1)


def is_too_deep(document: object, depth: int = 0) -> bool:
    """Whether something in *document* is nested more deeply than `DEEPEST`."""
    match document:
        case Mapping():
            inner: Iterable[object] = document.values()
        case list():
            inner = document
        case _:
            return False
    return depth >= DEEPEST or any(is_too_deep(each, depth + 1) for each in inner)
