"""Turn the catalogue's entries with a static credential into `api_key`."""

from collections.abc import Mapping
from typing import Any

from scripts.catalogue.api_requests import ENCODED, place_of
from scripts.catalogue.placeholders import CannotSayError, Placeholders, as_texts

#: Entries of the kind BASIC whose user name and password are in the body of a request: so does the
#: catalogue's own software check them, by the script of this name. Other scripts use HTTP Basic.
_IN_BODY = frozenset(
    f"{name}CredentialsVerification" for name in ("expensify", "lastpass", "vantageApparel")
)
#: Where whoever configures an entry may put its key, and that part of an API request.
_PLACES = {"header": "headers", "query": "query"}


def api_key_of(entry: Mapping[str, Any], placeholders: Placeholders) -> dict[str, Any]:
    """Return how a request to the API carries the credential of *entry*, which is sent as it is.

    Raises:
        CannotSayError: the file cannot express it, or the entry does not say it.
    """
    proxy = entry.get("proxy") or {}
    if entry.get("credentials_verification_script") in _IN_BODY:
        raise CannotSayError("the key is in a body, and the entry does not say how")
    said: dict[str, Any] = {"headers": {}, "query": {}}
    said["body"] = placeholders.of_secret(proxy.get("body") or {})
    if "${apiKey}" in str(proxy.get("base_url")):
        said["path_prefix"] = _path_prefix(proxy["base_url"], placeholders)
    for name, each in (proxy.get("headers") or {}).items():
        if found := ENCODED.fullmatch(str(each)):
            pair = {"username": found["user"], "password": found["password"]}
            said["basic"] = placeholders.of_secret(pair) | place_of(name, found)
        elif "${" in str(each):
            said["headers"][name] = placeholders.of_secret(str(each))
    said["query"] = placeholders.of_secret(as_texts(proxy.get("query") or {}))
    if entry["auth_mode"] == "BASIC" and "authorization" not in said["headers"]:
        said.setdefault("basic", {"username": "{secret.username}"})
    said = {name: each for name, each in said.items() if each}
    said = said or _as_configured(entry, placeholders)
    if "{secret." not in str(said):
        raise CannotSayError("the entry does not say where the key goes")
    return said


def _path_prefix(base_url: str, placeholders: Placeholders) -> str:
    """Return the path of *base_url*, which has the key."""
    host, _, path = base_url.partition("://")[2].partition("/")
    if "${apiKey}" in host:
        raise CannotSayError("the key is in the host of each API request")
    return f"/{placeholders.of_secret(path)}"


def _as_configured(entry: Mapping[str, Any], placeholders: Placeholders) -> dict[str, Any]:
    """Return every place that the entry lets its user choose for the key; empty if none.

    Name and template are the entry's own examples. The file can say any others as well.
    """
    choices = entry.get("integration_config") or {}
    if not {"keyPlacement", "keyName", "valueTemplate"} <= choices.keys():
        return {}
    name, template = (choices[each]["example"] for each in ("keyName", "valueTemplate"))
    places = choices["keyPlacement"]["enum"]
    if not set(places) <= _PLACES.keys():
        raise CannotSayError("the key may be put where the file has no place for it")
    return {_PLACES[each]: {name: placeholders.of_secret(template)} for each in places}
