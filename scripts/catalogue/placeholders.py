"""Translate the catalogue's placeholders into tokenvend's: of a secret, or of a tenant."""

import json
import re
from collections.abc import Mapping
from typing import Any

#: Patterns for a part of a host, or of a path, that is a customer's own.
_ANY_LABEL = ["*"]
#: The values of placeholders for a provider's own domain, which the file must list.
_LISTED_HOST, _LISTED_LABEL = ["login.customer.example"], ["example"]
_NAME = re.compile(r"\$\{(?:credentials|connectionConfig)\.([A-Za-z][\w-]*)\}")
_API_KEY, _API_KEY_FIELD = "${apiKey}", "${credentials.api_key}"
#: Names of a secret's fields, which no value of a tenant may have.
_TAKEN = frozenset({"client_id", "client_secret", "username", "password", "api_key"})


class CannotSayError(Exception):
    """`tokenvend.yaml` cannot express this entry."""


class Placeholders:
    """Turns the catalogue's placeholders into ours; `tenant_values` declares those of tenants."""

    def __init__(self) -> None:
        self.tenant_values: dict[str, list[str]] = {}

    def endpoint(self, url: object) -> tuple[str, dict[str, str]]:
        """Return the endpoint with placeholders of the tenant, and the query after it."""
        endpoint, _, query = _first_choice(str(url)).partition("?")
        host = endpoint.split("/")[2].partition(":")[0] if endpoint.count("/") > 1 else endpoint
        for found in _NAME.finditer(endpoint):
            self.tenant_values[_value(found[1])] = _patterns(found[0], host)
        endpoint = _NAME.sub(lambda found: f"{{tenant.{_value(found[1])}}}", endpoint)
        if "${" in endpoint:
            raise CannotSayError("a value is computed")
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        return endpoint, {name: value for name, _, value in pairs}

    def of_secret(self, template: Any) -> Any:
        """Return *template* with fields of the secret in it."""
        return self._each(template, lambda text: _replaced(text, "secret", word))

    def of_tenant(self, template: Any) -> Any:
        """Return *template* with values of the tenant in it."""
        return self._each(template, self._tenant_text)

    def _tenant_text(self, text: str) -> str:
        for name in _NAME.findall(_first_choice(text)):
            self.tenant_values.setdefault(_value(name), _ANY_LABEL)
        return _replaced(text, "tenant", _value)

    def _each(self, template: Any, replaced: Any) -> Any:
        if isinstance(template, Mapping):
            return {name: self._each(each, replaced) for name, each in template.items()}
        if isinstance(template, list):
            return [self._each(each, replaced) for each in template]
        return replaced(template) if isinstance(template, str) else template


def as_texts(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return *parameters* as a form or a URL has them: numbers and booleans are texts there."""
    return {
        name: each if isinstance(each, str | dict | list) else json.dumps(each)
        for name, each in parameters.items()
    }


def word(name: str) -> str:
    """Return *name* in the form of a secret's field name."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).replace("-", "_").lower()


def _value(name: str) -> str:
    return f"its_{word(name)}" if word(name) in _TAKEN else word(name)


def _first_choice(text: str) -> str:
    """Return the first of the alternatives, which the catalogue separates by two bars."""
    return text.partition(" || ")[0]


def _replaced(text: str, where: str, called: Any) -> str:
    parts = _NAME.split(_first_choice(text).replace(_API_KEY, _API_KEY_FIELD))
    if any("${" in literal for literal in parts[::2]):
        raise CannotSayError("a value is computed")
    literals = [part.replace("{", "{{").replace("}", "}}") for part in parts[::2]]
    named = [*(f"{{{where}.{called(name)}}}" for name in parts[1::2]), ""]
    return "".join(each + name for each, name in zip(literals, named, strict=True))


def _patterns(placeholder: str, host: str) -> list[str]:
    """Return the patterns of a customer's value, by the position of *placeholder* in *host*."""
    if placeholder == host:
        return _LISTED_HOST
    last_labels = re.split(r"\.(?![^{]*\})", host)[-2:]
    return _LISTED_LABEL if placeholder in ".".join(last_labels) else _ANY_LABEL


def hide_tokens(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return *parameters*; one named as a token comes from the secret, as `validate` demands."""
    return {
        name: f"{{secret.{word(name)}}}" if _looks_secret(name, each) else each
        for name, each in parameters.items()
    }


def _looks_secret(name: str, value: object) -> bool:
    return isinstance(value, str) and "{secret." not in value and "_token" in name.lower()
