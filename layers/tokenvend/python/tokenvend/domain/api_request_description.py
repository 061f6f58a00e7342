"""Describe how an API takes a token or a static credential: headers, HTTP Basic, query, path, body.

A description is data, as in `request_description`: names, texts and placeholders. `{token}` is the
access token, `{secret.api_key}` a field of the secret, `{answer.account.id}` another value of the
token answer, and `{cookie.ROUTEID}` a cookie of it. `api_request` fills them in.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.oauth.templates import (
    API_TEMPLATE,
    NEVER_SENT,
    TEMPLATE,
    TOKEN,
    answer_values_in,
    count_of_token,
    names_in,
)
from tokenvend.domain.shared_key import SHARED_KEY

#: Fields with which a caller could get tokens itself, past its grant.
NEVER_TO_CALLERS = NEVER_SENT | {"client_secret", "password", "refresh_token", SHARED_KEY}
#: The field whose SHA-256 names a static credential in logs and reports, if there is such a field.
API_KEY = "api_key"
_API_KEY_ALONE = f"{{secret.{API_KEY}}}"
_WITHOUT_ANSWER = frozenset({CredentialKind.API_KEY, CredentialKind.SIGNED_JWT})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A description. `basic` is the user name and the password (RFC 7617); `None`: not used.

    Some APIs take the same base64 text in another header or under another scheme: `basic_header`
    and `basic_scheme`, which is empty if none precedes it. `path_prefix` comes before the path of
    each request. `body` are members of each request's JSON object, at any depth.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    basic: tuple[str, str] | None = None
    basic_header: str = "Authorization"
    basic_scheme: str = "Basic"
    path_prefix: str = ""
    body: Mapping[str, object] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts in which placeholders may be."""
        others = (self.path_prefix, *texts_at_any_depth(self.body))
        return (*self.headers.values(), *(self.basic or ()), *self.query.values(), *others)

    @property
    def fields(self) -> tuple[str, ...]:
        """The secret's fields that are named, each once."""
        return tuple(dict.fromkeys(name for text in self.texts for name in names_in(text)))

    @property
    def answer_values(self) -> tuple[str, ...]:
        """What is named of the token answer beside the token: once for each place."""
        return tuple(name for text in self.texts for name in answer_values_in(text))


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
        path_prefix=_path_prefix(document.get("path_prefix", "")),
        body=_body(document.get("body", {})),
        **_place_of_basic(basic),
    )
    tokens = sum(map(count_of_token, described.texts))
    if kind in _WITHOUT_ANSWER and described.answer_values:
        raise ValueError("there is no token answer whose values it could name")
    if is_static and (tokens or not described.fields):
        raise ValueError("nothing of the secret is in it, or a token is")
    if not is_static and (tokens != 1 or NEVER_TO_CALLERS.intersection(described.fields)):
        raise ValueError("the token must be in it once, and nothing that gives another token")
    return described


def api_request_fields(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return the secret's fields that callers get; none if the description cannot be parsed."""
    if not definition.api_request:
        return (API_KEY,) if definition.kind is CredentialKind.API_KEY else ()
    described = _without_tenant(definition)
    return described.fields if described else ()


def is_described(definition: CredentialDefinition) -> bool:
    """Whether the description can be parsed, whatever a tenant's values are."""
    return _without_tenant(definition) is not None


def answer_values_of(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return what API requests carry of the token answer beside the token: once for each place."""
    described = _without_tenant(definition) if definition.api_request else None
    return described.answer_values if described else ()


def _without_tenant(definition: CredentialDefinition) -> ApiRequest | None:
    """Return the description without the values of a tenant; `None` if it cannot be parsed."""
    if definition.tenant_values:
        from tokenvend.domain.tenant_values import unfilled

        definition = unfilled(definition)
    try:
        return parse_api_request(definition.api_request, definition.kind)
    except ValueError:
        return None


def tenant_values_of(definition: CredentialDefinition) -> frozenset[str]:
    """Return the names of the tenant values that requests to the API carry."""
    if not definition.tenant_values:
        return frozenset()
    from tokenvend.domain.tenant_values import names_in as tenant_names_in

    texts = json.dumps(definition.api_request)
    return frozenset(tenant_names_in(texts))


def _one_header(document: Mapping[str, object], value: str) -> dict[str, str]:
    """Return the header that has only *value* in it, after a prefix; none if not so described."""
    name, prefix = document.get("header_name"), document.get("header_prefix", "")
    if name is None:
        return {}
    if not isinstance(name, str) or not isinstance(prefix, str):
        raise ValueError("header_name or header_prefix is not a text")  # noqa: TRY004
    return {name: prefix.replace("{", "{{").replace("}", "}}") + value}


def _templates(document: object) -> dict[str, str]:
    if not isinstance(document, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - as the others
    for text in document.values():
        if not isinstance(text, str) or API_TEMPLATE.fullmatch(text) is None:
            raise ValueError("not a text, or a brace in it is no placeholder's")
    return dict(document)


def texts_at_any_depth(value: object) -> Iterator[str]:
    """Yield the texts in *value*, at any depth, but no names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from texts_at_any_depth(each)


def _path_prefix(template: object) -> str:
    if not isinstance(template, str) or TEMPLATE.fullmatch(template) is None:
        raise ValueError("a path has fields of the secret alone")
    return template


def _body(document: object) -> Mapping[str, object]:
    if not isinstance(document, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - as the others
    if any(API_TEMPLATE.fullmatch(text) is None for text in texts_at_any_depth(document)):
        raise ValueError("a brace in it is no placeholder's")
    return document


def _place_of_basic(document: object) -> dict[str, str]:
    """Return the header and the scheme of the base64 text, where they are not HTTP Basic's."""
    texts = document if isinstance(document, Mapping) else {}
    found = {f"basic_{name}": texts[name] for name in ("header", "scheme") if name in texts}
    return {name: str(each) for name, each in found.items()}


def _basic(document: object) -> tuple[str, str]:
    texts = _templates(document)
    return texts.get("username", "{secret.username}"), texts.get("password", "{secret.password}")
