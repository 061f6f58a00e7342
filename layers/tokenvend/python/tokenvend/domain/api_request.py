"""How a request to an API carries a token or a static credential: headers, HTTP Basic, the query.

A description is data, as in `request_description`: names, texts and placeholders. `{token}` is the
access token, and `{secret.api_key}` a field of the credential's secret. tokenvend fills them in and
returns the headers and parameters; the caller sends them to the API.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.request_description import (
    API_TEMPLATE,
    NEVER_SENT,
    TOKEN,
    PlaceholderValues,
    count_of_token,
    names_in,
)
from tokenvend.domain.oauth.token_request import ProviderSecret, for_tenant
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import BEARER, Header, RequestParts, SentAs, TokenType

#: Fields with which a caller could get tokens itself, past its grant.
NEVER_TO_CALLERS = NEVER_SENT | {"client_secret", "password", "refresh_token"}
_AUTHORIZATION, _BASIC = "Authorization", "Basic"
#: The field whose SHA-256 names a static credential in logs and reports, if there is such a field.
_API_KEY = "api_key"
_API_KEY_ALONE = f"{{secret.{_API_KEY}}}"
#: Stands in for the token while the rest is checked, before there is a token.
_ANY_TOKEN = Secret("token")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A description. `basic` is the user name and the password (RFC 7617); `None`: not used.

    Some APIs take the same base64 text in another header or under another scheme: `basic_header`
    and `basic_scheme`, which is empty if none precedes it.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    basic: tuple[str, str] | None = None
    basic_header: str = _AUTHORIZATION
    basic_scheme: str = _BASIC

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts in which placeholders may be."""
        return (*self.headers.values(), *(self.basic or ()), *self.query.values())

    @property
    def fields(self) -> tuple[str, ...]:
        """The secret's fields that are named, each once."""
        return tuple(dict.fromkeys(name for text in self.texts for name in names_in(text)))


@dataclass(frozen=True, slots=True)
class Presented:
    """A static credential and how it is sent."""

    access_token: Secret
    sent_as: SentAs


def parse_api_request(document: Mapping[str, object], kind: CredentialKind) -> ApiRequest:
    """Parse *document* as the description for a credential of *kind*.

    Raises:
        ValueError: it is not a description, or what is to be sent is not in it.
    """
    is_static = kind is CredentialKind.API_KEY
    basic = document.get("basic")
    described = ApiRequest(
        headers=_one_header(document, _API_KEY_ALONE if is_static else TOKEN)
        or _templates(document.get("headers", {})),
        query=_templates(document.get("query", {})),
        basic=_basic(basic) if basic is not None else None,
        **_place_of_basic(basic),
    )
    tokens = sum(map(count_of_token, described.texts))
    if is_static and (tokens or not described.fields):
        raise ValueError("nothing of the secret is in it, or a token is")
    if not is_static and (tokens != 1 or NEVER_TO_CALLERS.intersection(described.fields)):
        raise ValueError("the token must be in it once, and nothing that gives another token")
    return described


def api_request_fields(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return the secret's fields that callers get; none if the description cannot be parsed."""
    if not definition.api_request:
        return (_API_KEY,) if definition.kind is CredentialKind.API_KEY else ()
    if definition.tenant_values:
        from tokenvend.domain.tenant_values import unfilled

        definition = unfilled(definition)
    try:
        return parse_api_request(definition.api_request, definition.kind).fields
    except ValueError:
        return ()


def tenant_values_of(definition: CredentialDefinition) -> frozenset[str]:
    """Return the names of the tenant values that requests to the API carry."""
    if not definition.tenant_values:
        return frozenset()
    from tokenvend.domain.tenant_values import names_in as tenant_names_in

    texts = json.dumps(definition.api_request)
    return frozenset(tenant_names_in(texts))


def present(definition: CredentialDefinition, secret: ProviderSecret) -> Presented:
    """Fill the fields of *secret* into the description of a static credential.

    Raises:
        CredentialNotReadyError: this version cannot parse the description, or a value is not
            allowed in its place.
    """
    described = _described(definition)
    filled = _Filled(described, secret, None)
    if len(filled.headers) == 1 and not filled.query:
        ((name, value),) = filled.headers.items()
        prefix = filled.prefixes[name]
        return Presented(Secret(value.removeprefix(prefix)), Header(name, prefix))
    named = filled.secret_values.get(_API_KEY) or next(iter(filled.secret_values.values()))
    return Presented(named, filled.parts(TokenType.NOT_BEARER))


def token_presenter(
    definition: CredentialDefinition, secret: ProviderSecret
) -> Callable[[AccessToken], AccessToken]:
    """Return a function that sets how a token of *definition* is sent. That one raises nothing.

    So a value that cannot be sent is found before the token is requested.

    Raises:
        CredentialNotReadyError: this version cannot parse the description, or a value is missing,
            too long or not allowed in its place.
    """
    definition = for_tenant(definition, secret)
    described = _described(definition)
    _Filled(described, secret, _ANY_TOKEN).check_length()
    header = _header_alone(described)
    if header is not None:
        return lambda token: replace(token, sent_as=header)
    is_bearer = any(map(_is_bearer, described.headers, described.headers.values()))
    token_type = TokenType.BEARER if is_bearer else TokenType.NOT_BEARER

    def presented(token: AccessToken) -> AccessToken:
        filled = _Filled(described, secret, token.access_token)
        return replace(token, sent_as=filled.parts(token_type))

    return presented


class _Filled:
    """A description with the values of *secret*, and *token* if it is a token's."""

    def __init__(self, described: ApiRequest, secret: ProviderSecret, token: Secret | None) -> None:
        values = PlaceholderValues(secret, token)
        self.headers = {name: values.header(name, each) for name, each in described.headers.items()}
        self.prefixes = {name: _literal_start(each) for name, each in described.headers.items()}
        if described.basic is not None:
            user, password = map(values.value, described.basic)
            if ":" in user and not count_of_token(described.basic[0]):
                raise _colon_in_user()
            encoded = b64encode(f"{user}:{password}".encode()).decode()
            prefix = f"{described.basic_scheme} ".lstrip()
            self.headers[described.basic_header] = prefix + encoded
            self.prefixes[described.basic_header] = prefix
        self.query = {name: values.value(each) for name, each in described.query.items()}
        self.secret_values = values.secret_values

    def parts(self, token_type: TokenType) -> RequestParts:
        return RequestParts(_secret(self.headers), _secret(self.query), token_type)

    def check_length(self) -> None:
        size = sum(map(len, (*self.headers.values(), *self.query.values())))
        if size > bounds.API_REQUEST_CHARACTERS:
            raise CredentialNotReadyError(
                f"What is sent to the API beside the token has {size} characters;"
                f" {bounds.API_REQUEST_CHARACTERS} are the most.",
                rule="secret.unusable",
            )


def _described(definition: CredentialDefinition) -> ApiRequest:
    try:
        return parse_api_request(definition.api_request, definition.kind)
    except ValueError:
        raise CredentialNotReadyError(
            "The definition does not say how its API takes the token or key, or not as this"
            " version knows it; apply the file again.",
            rule="definition.api_request",
        ) from None


def _header_alone(described: ApiRequest) -> Header | None:
    """Return the header, if the description is one header with the token at its end."""
    if len(described.headers) != 1 or described.query or described.basic is not None:
        return None
    ((name, template),) = described.headers.items()
    prefix = _literal_start(template)
    if template != prefix + TOKEN:
        return None
    is_bearer = _is_bearer(name, template)
    return Header(name, prefix, BEARER.token_type if is_bearer else TokenType.NOT_BEARER)


def _is_bearer(name: str, template: str) -> bool:
    """Whether the header *name* has the token as a bearer token (RFC 6750 §2.1)."""
    return name.lower() == "authorization" and template.lower() == f"bearer {TOKEN}"


def _one_header(document: Mapping[str, object], value: str) -> dict[str, str]:
    """Return the header that has only *value* in it, after a prefix; none if not so described."""
    name, prefix = document.get("header_name"), document.get("header_prefix", "")
    if name is None:
        return {}
    if not isinstance(name, str) or not isinstance(prefix, str):
        raise ValueError("header_name or header_prefix is not a text")  # noqa: TRY004
    return {name: prefix.replace("{", "{{").replace("}", "}}") + value}


def _literal_start(template: str) -> str:
    """Return the text before the first placeholder; empty if that text has a brace."""
    start = template.partition(TOKEN)[0].partition("{secret.")[0]
    return "" if {"{", "}"} & set(start) else start


def _colon_in_user() -> CredentialNotReadyError:
    return CredentialNotReadyError(
        "The user name has a colon, which HTTP Basic does not allow (RFC 7617 §2).",
        rule="secret.unusable",
    )


def _secret(texts: Mapping[str, str]) -> dict[str, Secret]:
    return {name: Secret(each) for name, each in texts.items()}


def _templates(document: object) -> dict[str, str]:
    if not isinstance(document, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - as the others
    for text in document.values():
        if not isinstance(text, str) or API_TEMPLATE.fullmatch(text) is None:
            raise ValueError("not a text, or a brace in it is no placeholder's")
    return dict(document)


def _place_of_basic(document: object) -> dict[str, str]:
    """Return the header and the scheme of the base64 text, where they are not HTTP Basic's."""
    texts = document if isinstance(document, Mapping) else {}
    found = {f"basic_{name}": texts[name] for name in ("header", "scheme") if name in texts}
    return {name: str(each) for name, each in found.items()}


def _basic(document: object) -> tuple[str, str]:
    texts = _templates(document)
    return texts.get("username", "{secret.username}"), texts.get("password", "{secret.password}")
