"""How a request to an API carries a token or a static credential.

tokenvend fills the values into the description of `api_request_description` and returns the
headers, the query, the path and the body; the caller sends them to the API.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tokenvend.domain import bounds
from tokenvend.domain.api_request_description import API_KEY, ApiRequest, parse_api_request
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.answer_values import check_answer_values
from tokenvend.domain.oauth.templates import (
    TOKEN,
    PlaceholderValues,
    answer_values_in,
    count_of_token,
)
from tokenvend.domain.oauth.token_request import ProviderSecret, for_tenant
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import BEARER, Header, RequestParts, SentAs, TokenType

#: Stands in for the token, and for each other value of its answer, before there is an answer.
_ANY_TOKEN = Secret("token")


@dataclass(frozen=True, slots=True)
class Presented:
    """A static credential and how it is sent."""

    access_token: Secret
    sent_as: SentAs


def present(definition: CredentialDefinition, secret: ProviderSecret) -> Presented:
    """Fill the fields of *secret* into the description of a static credential.

    Raises:
        CredentialNotReadyError: this version cannot parse the description, or a value is not
            allowed in its place.
    """
    described = _described(definition)
    filled = _Filled(described, PlaceholderValues(secret))
    if len(filled.headers) == 1 and not (filled.query or filled.path_prefix or filled.body):
        ((name, value),) = filled.headers.items()
        prefix = filled.prefixes[name]
        return Presented(Secret(value.removeprefix(prefix)), Header(name, prefix))
    named = filled.secret_values.get(API_KEY) or next(iter(filled.secret_values.values()))
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
    check_answer_values(definition, described.answer_values)
    of_answer = dict.fromkeys(described.answer_values, _ANY_TOKEN)
    _Filled(described, PlaceholderValues(secret, _ANY_TOKEN, of_answer)).check_length()
    header = _header_alone(described)
    if header is not None:
        return lambda token: replace(token, sent_as=header)
    is_bearer = any(map(_is_bearer, described.headers, described.headers.values()))
    token_type = TokenType.BEARER if is_bearer else TokenType.NOT_BEARER

    def presented(token: AccessToken) -> AccessToken:
        values = PlaceholderValues(secret, token.access_token, token.answer_values)
        parts = _Filled(described, values).parts(token_type)
        return replace(token, sent_as=parts, answer_values={})

    return presented


class _Filled:
    """A description with *values*."""

    def __init__(self, described: ApiRequest, values: PlaceholderValues) -> None:
        self.headers = {name: values.header(name, each) for name, each in described.headers.items()}
        self.prefixes = {name: _literal_start(each) for name, each in described.headers.items()}
        if described.basic is not None:
            user, password = map(values.value, described.basic)
            if ":" in user and not _has_issued_value(described.basic[0]):
                raise _colon_in_user()
            encoded = b64encode(f"{user}:{password}".encode()).decode()
            prefix = f"{described.basic_scheme} ".lstrip()
            self.headers[described.basic_header] = prefix + encoded
            self.prefixes[described.basic_header] = prefix
        self.query = {name: values.value(each) for name, each in described.query.items()}
        self.path_prefix = values.path_prefix(described.path_prefix)
        self.body = json.dumps(values.value(described.body)) if described.body else ""
        self.secret_values = values.secret_values

    def parts(self, token_type: TokenType) -> RequestParts:
        return RequestParts(
            _secret(self.headers),
            _secret(self.query),
            token_type,
            Secret(self.path_prefix) if self.path_prefix else None,
            Secret(self.body) if self.body else None,
        )

    def check_length(self) -> None:
        texts = (*self.headers.values(), *self.query.values(), self.path_prefix, self.body)
        size = sum(map(len, texts))
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
    others = (described.query, described.path_prefix, described.body, described.basic is not None)
    if len(described.headers) != 1 or any(others):
        return None
    ((name, template),) = described.headers.items()
    prefix = _literal_start(template)
    if template != prefix + TOKEN:
        return None
    is_bearer = _is_bearer(name, template)
    return Header(name, prefix, BEARER.token_type if is_bearer else TokenType.NOT_BEARER)


def _has_issued_value(template: str) -> bool:
    return bool(count_of_token(template) or answer_values_in(template))


def _is_bearer(name: str, template: str) -> bool:
    """Whether the header *name* has the token as a bearer token (RFC 6750 §2.1)."""
    return name.lower() == "authorization" and template.lower() == f"bearer {TOKEN}"


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
