"""Turn the catalogue's templates of API requests into `api_request`."""

import re
from collections.abc import Mapping
from typing import Any

from scripts.catalogue.placeholders import CannotSayError, Placeholders, as_texts, word

#: HTTP Basic as the catalogue writes it, also under another scheme or without one.
ENCODED = re.compile(
    r"(?:(?P<scheme>[A-Za-z]+) )?\$\{base64\((?P<user>[^:]*):(?P<password>[^)]*)\)\}"
)
#: The catalogue's names of the token, the second in an entry with a login of its own.
_TOKENS = ("${accessToken}", "${credentials.token}")
_TOKEN = "{token}"
#: Other names. The client's secret is a field of its own there, because callers get it.
_CLIENT = {"${clientId}": "{secret.client_id}", "${clientSecret}": "{secret.api_secret}"}
_OF_CONNECTION = re.compile(r"\$\{connectionConfig\.([A-Za-z][\w-]*)\}")
_OF_SECRET = re.compile(r"\$\{credentials\.([A-Za-z][\w-]*)\}")
_OF_ANSWER = re.compile(r"\$\{credentials\.raw\.([A-Za-z][\w.-]*)\}")
#: All cookies of the answer. The file has their names, which the catalogue does not say: the
#: session's, whose value is the token, and one of a load balancer beside it.
_COOKIES = {"${credentials._cookies}": "SESSION={token}; ROUTEID={cookie.ROUTEID}"}
#: Headers whose values are a key. It belongs to the app, so the file takes it from the secret.
_KEY = re.compile(r"key|secret|token", re.IGNORECASE)


def api_request_of(entry: Mapping[str, Any], placeholders: Placeholders) -> dict[str, Any]:
    """Return how an API request carries the token of *entry*; empty if as a bearer token alone.

    Raises:
        CannotSayError: the file cannot express it.
    """
    proxy = entry.get("proxy") or {}
    headers, query = proxy.get("headers") or {}, as_texts(proxy.get("query") or {})
    if not headers and not query:
        return {}
    said: dict[str, Any] = {"headers": {}, "query": {}}
    for name, each in headers.items():
        if found := ENCODED.fullmatch(str(each)):
            said["basic"] = {
                "username": _filled(name, found["user"], placeholders),
                "password": _filled(name, found["password"], placeholders),
            } | place_of(name, found)
        else:
            said["headers"][name] = _filled(name, str(each), placeholders)
    said["query"] = {name: _filled(name, str(each), placeholders) for name, each in query.items()}
    if not any(_TOKEN in text for part in said.values() for text in part.values()):
        if "basic" in said or "authorization" in map(str.lower, said["headers"]):
            raise CannotSayError("the API takes something else than the token")
        said["headers"]["Authorization"] = f"Bearer {_TOKEN}"
    return {name: each for name, each in said.items() if each}


def place_of(header: str, found: re.Match[str]) -> dict[str, str]:
    """Return where the base64 text of *found* is, if not in *header* as HTTP Basic has it."""
    scheme = found["scheme"] or ""
    place = {} if header.lower() == "authorization" else {"header": header}
    return place if scheme.lower() == "basic" else place | {"scheme": scheme}


def _filled(name: str, template: str, placeholders: Placeholders) -> str:
    """Return the *template* of the header or parameter *name* with placeholders of the file."""
    text, _, otherwise = template.partition(" || ")
    if otherwise:
        # A version or a description of the app is the same for everybody: it is in the file.
        return otherwise
    for ours in _TOKENS:
        text = text.replace(ours, _TOKEN)
    for theirs, ours in (_CLIENT | _COOKIES).items():
        text = text.replace(theirs, ours)
    text = _OF_ANSWER.sub(lambda found: f"{{answer.{found[1]}}}", text)
    text = _OF_SECRET.sub(_field, text)
    if _KEY.search(name):
        text = _OF_CONNECTION.sub(_field, text)
    for found in _OF_CONNECTION.findall(text):
        placeholders.tenant_values.setdefault(word(found), ["*"])
    text = _OF_CONNECTION.sub(lambda found: f"{{tenant.{word(found[1])}}}", text)
    if "${" in text:
        raise CannotSayError("a value is computed for each API request")
    return text


def _field(found: re.Match[str]) -> str:
    return f"{{secret.{word(found[1])}}}"
