"""Fields of a JSON document, read so that a wrong kind never passes for a right one.

A flag that is the text "false", or scopes that are one text, would grant what nobody wrote.
Fields that are not asked for are left alone, so that an older version reads a newer document.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

type Fields = Mapping[str, Any]

_SHA256 = re.compile(r"[0-9a-f]{64}")


class MalformedDocumentError(ValueError):
    """A field is missing or of another kind; the text names it, and not its value."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"{name} is not {wanted}")


def parse(document: str | bytes) -> dict[str, Any]:
    """The JSON object that *document* is.

    Raises:
        MalformedDocumentError: it is something else.
    """
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise MalformedDocumentError("the document", "a JSON object")
    return parsed


def text(document: Fields, name: str) -> str:
    """The text *name*, which is not empty."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedDocumentError(name, "a text")
    return value


def any_text(document: Fields, name: str) -> str:
    """The text *name*, which may be empty."""
    value = document.get(name)
    if not isinstance(value, str):
        raise MalformedDocumentError(name, "a text")
    return value


def optional_text(document: Fields, name: str) -> str | None:
    """The text *name*, or `None` where it is absent or null."""
    return None if document.get(name) is None else text(document, name)


def flag(document: Fields, name: str) -> bool:
    """The truth value *name*."""
    value = document.get(name)
    if not isinstance(value, bool):
        raise MalformedDocumentError(name, "true or false")
    return value


def count(document: Fields, name: str) -> int:
    """The whole number *name*, at least 1."""
    value = document.get(name)
    # `True` is an `int`.
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise MalformedDocumentError(name, "a whole number from 1")
    return value


def number(document: Fields, name: str) -> float:
    """The number *name*."""
    value = document.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise MalformedDocumentError(name, "a number")
    return value


def optional_count(document: Fields, name: str) -> int | None:
    """The whole number *name*, or `None` where it is absent or null."""
    return None if document.get(name) is None else count(document, name)


def texts(document: Fields, name: str) -> frozenset[str]:
    """The set of texts *name*."""
    value = document.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise MalformedDocumentError(name, "a list of texts")
    return frozenset(value)


def ordered_texts(document: Fields, name: str) -> tuple[str, ...]:
    """The texts *name* in their order."""
    texts(document, name)
    return tuple(document[name])


def optional_texts(document: Fields, name: str) -> frozenset[str] | None:
    """The set of texts *name*, or `None` where it is absent or null."""
    return None if document.get(name) is None else texts(document, name)


def mapping(document: Fields, name: str) -> dict[str, Any]:
    """The object *name*."""
    value = document.get(name)
    if not isinstance(value, dict):
        raise MalformedDocumentError(name, "an object")
    return value


def optional_mapping(document: Fields, name: str) -> dict[str, Any]:
    """The object *name*; an empty one where it is absent or null."""
    return {} if document.get(name) is None else mapping(document, name)


def texts_by_name(document: Fields, name: str) -> dict[str, str]:
    """The object *name*, whose values are texts."""
    found = mapping(document, name)
    if not all(isinstance(value, str) for value in found.values()):
        raise MalformedDocumentError(name, "an object of texts")
    return found


def entries(document: Fields, name: str) -> list[dict[str, Any]]:
    """The list of objects *name*."""
    value = document.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise MalformedDocumentError(name, "a list of objects")
    return value


def instant(document: Fields, name: str) -> datetime:
    """The instant *name*, in ISO 8601 with its offset from UTC."""
    value = datetime.fromisoformat(text(document, name))
    if value.tzinfo is None:
        raise MalformedDocumentError(name, "an instant with its offset")
    return value


def sha256(document: Fields, name: str) -> str:
    """The SHA-256 *name*, in lower-case hexadecimal."""
    value = text(document, name)
    if _SHA256.fullmatch(value) is None:
        raise MalformedDocumentError(name, "a SHA-256 in hexadecimal")
    return value
