"""Explain pydantic's validation errors to the author of the file."""

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from tokenvend_cli.configuration.forms import EXPECTED
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.problems import Problem

_WORDS = {
    "missing": "is needed",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "string_type": "must be a text; put a number or a date in quotes",
    "list_type": "must be a list, such as [a, b]",
    "dict_type": "must hold names, each with what it says",
    "model_type": "must hold keys, each with what it says",
    "invalid-json-value": "must be what JSON can hold; put a date in quotes",
    "date_type": "must be a day, such as 2026-12-31, without quotes",
    "too_short": "must name at least one",
    "string_too_short": "must not be empty",
    "string_too_long": "must be one character",
}
_IN_CONTEXT: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "value_error": lambda context: str(context["error"]),
    "literal_error": lambda context: f"must be {context['expected']}".replace("'", "`"),
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "string_pattern_mismatch": lambda context: (
        f"must be {EXPECTED.get(context['pattern'], 'plain ASCII')}"
    ),
}
_SECRETIVE = re.compile(r"secret|passw|api_?key|private", re.IGNORECASE)
_SHOWN_KEY = re.compile(r"[A-Za-z0-9_.-]{1,40}")
#: Marks of pydantic's own in a place: which form of `tenants` it took, and that a key is meant.
_TENANTS_FORMS = frozenset({"all", "list"})
_KEY = "[key]"


def problems_in(error: ValidationError) -> list[Problem]:
    """Return one problem for each validation error, without the value that was found.

    Somebody may have pasted a secret into the file, so no value of it is ever repeated.
    """
    findings = error.errors(include_input=False, include_url=False)
    return [Problem(place_of(finding["loc"]), _what(finding)) for finding in findings]


def place_of(parts: Iterable[str | int]) -> str:
    """Return the path of a place in the file, such as `grants[0].scopes[1]`."""
    place, before = "", ""
    for part in parts:
        if part == _KEY or (before == "tenants" and part in _TENANTS_FORMS):
            continue
        place += f"[{part}]" if isinstance(part, int) else f".{_shown(part)}"
        before = str(part)
    return place.removeprefix(".")


def _shown(key: str) -> str:
    return key if _SHOWN_KEY.fullmatch(key) else "…"


def _what(finding: Mapping[str, Any]) -> str:
    kind, context = finding["type"], finding.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(finding["loc"])
    if kind == "model_type" and not finding["loc"]:
        return "the file must hold `version: 1`, then providers, credentials, callers, grants"
    return _IN_CONTEXT[kind](context) if kind in _IN_CONTEXT else _WORDS.get(kind, "is not right")


def _unknown_key(parts: tuple[str | int, ...]) -> str:
    key = str(parts[-1])
    known = _keys_beside(parts)
    if _SECRETIVE.search(key):
        return "no secret stands in this file: write it with `tokenvend secret put`"
    if near := get_close_matches(key, known, n=1):
        return f"there is no such key; did you mean {near[0]}?"
    return f"there is no such key here; there are {', '.join(known)}"


def _keys_beside(parts: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand where the last of *parts* stands."""
    model: type[BaseModel] = ConfigurationModel
    for part in parts[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside `dict[…, Model]`, `list[Model]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(each) for each in getattr(annotation, "__args__", ()))
    return next((each for each in found if each is not None), None)
