"""Describe a provider's token request: its parameters, their places and their values.

A description is data: names, texts and placeholders. `{secret.account_id}` is replaced by the field
`account_id` of the credential's secret, and `{{` by a brace. The registry has a description as a
JSON object, which is parsed when a request is built.
"""

import re
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
from tokenvend.domain.oauth.token_request import ParametersIn, ProviderRequest, ProviderSecret
from tokenvend.domain.secret import Secret

#: The placeholder of a field of the credential's secret.
PLACEHOLDER = re.compile(r"\{secret\.([A-Za-z][A-Za-z0-9_-]{0,62})\}")
_TEXT_OR_FIELD = r"[^{}]|\{\{|\}\}|\{secret\.[A-Za-z][A-Za-z0-9_-]{0,62}\}"
#: A text with placeholders. A literal brace is doubled.
TEMPLATE = re.compile(rf"(?:{_TEXT_OR_FIELD})*")
#: The placeholder of the access token, in the description of an API request alone.
TOKEN = "{token}"
#: A text in that description.
API_TEMPLATE = re.compile(rf"(?:{_TEXT_OR_FIELD}|{re.escape(TOKEN)})*")
_PARTS = re.compile(rf"\{{\{{|\}}\}}|{re.escape(TOKEN)}|{PLACEHOLDER.pattern}")
#: RFC 9110 §5.5, without tabs and the octets from 0x80, which few servers accept.
_HEADER_VALUE = re.compile(r"[\x20-\x7E]*")
#: Fields that are used for signatures or TLS, and must never be in a request.
NEVER_SENT = frozenset({"private_key", "certificate"})
_STANDARD_GRANT = "client_credentials"
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
    for name in ("parameters", "query", "headers"):
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


def placeholders(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the secret's fields that *document* names, each once, in the document's order."""
    templates = [document.get(name) for name in ("parameters", "query", "headers")]
    templates += templates_in(document.get("assertion"))
    texts = (text for each in templates for text in texts_in(each))
    return tuple(dict.fromkeys(name for text in texts for name in names_in(text)))


def names_in(template: str) -> list[str]:
    """Return the secret's fields that *template* names."""
    return [name for name in _PARTS.findall(template) if name]


def count_of_token(template: str) -> int:
    """Return how often the placeholder of the access token is in *template*."""
    return sum(match[0] == TOKEN for match in _PARTS.finditer(template))


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
    description = _description_of(definition)
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


class PlaceholderValues:
    """Replaces placeholders in templates by fields of *secret*, and by *token* if there is one.

    `secret_values` are the fields used.
    """

    def __init__(self, secret: ProviderSecret, token: Secret | None = None) -> None:
        self._secret = secret
        self._token = token
        self.secret_values: dict[str, Secret] = {}

    def value(self, template: Any) -> Any:
        """Return *template* with its placeholders replaced, in texts at any depth."""
        match template:
            case str():
                return _PARTS.sub(self._placed, template)
            case Mapping():
                return {name: self.value(each) for name, each in template.items()}
            case list():
                return [self.value(each) for each in template]
            case _:
                return template

    def header(self, name: str, template: str) -> str:
        """Return `value(template)` for the header *name*.

        Raises:
            CredentialNotReadyError: it has a character that is not allowed in a header.
        """
        value: str = self.value(template)
        if _HEADER_VALUE.fullmatch(value) is None:
            raise CredentialNotReadyError(
                f"A field of the credential's secret cannot stand in the header {name}: it has"
                " characters other than plain ASCII.",
                rule="secret.unusable",
            )
        return value

    def _placed(self, match: re.Match[str]) -> str:
        name = match[1]
        if match[0] == TOKEN and self._token is not None:
            return self._token.reveal()
        if name is None:
            return match[0][0]
        if name in NEVER_SENT or name not in self._secret.fields:
            raise CredentialNotReadyError(
                f"The credential's secret has no field {name}.", rule="secret.unusable"
            )
        self.secret_values[name] = self._secret.fields[name]
        return self.secret_values[name].reveal()


def _description_of(definition: CredentialDefinition) -> RequestDescription:
    try:
        return parse_request_description(definition.token_request)
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
