"""How a static credential is sent: several headers, HTTP Basic, parameters of the query.

A description is data, as in `request_description`: names, texts and placeholders such as
`{secret.api_key}`. tokenvend fills them in and returns the headers and parameters; the caller sends
them to the API.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.request_description import TEMPLATE, PlaceholderValues, names_in
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import Header, RequestParts

_AUTHORIZATION, _BASIC = "Authorization", "Basic "
#: The field whose SHA-256 names a static credential in logs and reports, if there is such a field.
_API_KEY = "api_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticDescription:
    """A description. `basic` is the user name and the password (RFC 7617); `None`: not used."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    basic: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Presented:
    """A static credential as it is sent. `parts` is `None` if one header is enough."""

    access_token: Secret
    header: Header
    parts: RequestParts | None = None


def parse_static_description(document: Mapping[str, object]) -> StaticDescription:
    """Parse *document* as a description.

    Raises:
        ValueError: it is not a description.
    """
    basic = document.get("basic")
    described = StaticDescription(
        headers=_templates(document.get("headers", {})),
        query=_templates(document.get("query", {})),
        basic=_basic(basic) if basic is not None else None,
    )
    if not _names_of(described):
        raise ValueError("nothing of the secret stands in it")
    return described


def static_placeholders(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the secret's fields that *document* names, each once; none if it cannot be parsed."""
    try:
        return _names_of(parse_static_description(document))
    except ValueError:
        return ()


def present(document: Mapping[str, object], secret: ProviderSecret) -> Presented:
    """Fill the fields of *secret* into the description in *document*.

    Raises:
        CredentialNotReadyError: this version cannot parse the description, or a value is not
            allowed in its place.
    """
    try:
        described = parse_static_description(document)
    except ValueError:
        raise CredentialNotReadyError(
            "The definition's api_key cannot be read; apply the file again.",
            rule="definition.api_key",
        ) from None
    filled = PlaceholderValues(secret)
    headers = {name: filled.header(name, each) for name, each in described.headers.items()}
    prefixes = {name: _literal_start(each) for name, each in described.headers.items()}
    if described.basic is not None:
        headers[_AUTHORIZATION] = _BASIC + _encoded(*map(filled.value, described.basic))
        prefixes[_AUTHORIZATION] = _BASIC
    query = {name: filled.value(each) for name, each in described.query.items()}
    if len(headers) == 1 and not query:
        ((name, value),) = headers.items()
        prefix = prefixes[name]
        return Presented(Secret(value.removeprefix(prefix)), Header(name, prefix))
    named = filled.placed.get(_API_KEY) or next(iter(filled.placed.values()))
    return Presented(named, Header(""), RequestParts(_secret(headers), _secret(query)))


def _literal_start(template: str) -> str:
    """Return the text before the first placeholder; empty if that text has a brace."""
    start, _, _ = template.partition("{secret.")
    return "" if {"{", "}"} & set(start) else start


def _encoded(username: str, password: str) -> str:
    if ":" in username:
        raise CredentialNotReadyError(
            "The user name has a colon, which HTTP Basic does not allow (RFC 7617 §2).",
            rule="secret.unusable",
        )
    return b64encode(f"{username}:{password}".encode()).decode()


def _secret(texts: Mapping[str, str]) -> dict[str, Secret]:
    return {name: Secret(each) for name, each in texts.items()}


def _templates(document: object) -> dict[str, str]:
    if not isinstance(document, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - as the others
    for text in document.values():
        if not isinstance(text, str) or TEMPLATE.fullmatch(text) is None:
            raise ValueError("not a text, or a brace in it is no placeholder's")
    return dict(document)


def _basic(document: object) -> tuple[str, str]:
    texts = _templates(document)
    return texts.get("username", "{secret.username}"), texts.get("password", "{secret.password}")


def _names_of(described: StaticDescription) -> tuple[str, ...]:
    texts = (*described.headers.values(), *(described.basic or ()), *described.query.values())
    return tuple(dict.fromkeys(name for text in texts for name in names_in(text)))
