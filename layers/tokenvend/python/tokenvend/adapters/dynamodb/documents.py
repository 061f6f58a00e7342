"""Read fields of a JSON document, with a strict check of their types.

A flag that is the text "false", or scopes that are one text, could grant more than was configured.
Unknown fields are ignored, so that an older version can read a newer document. Each function
raises MalformedDocumentError if a field that it requires is missing, or has the wrong type.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

type Fields = Mapping[str, Any]

_SHA256 = re.compile(r"[0-9a-f]{64}")


class MalformedDocumentError(ValueError):
    """A field is missing or has the wrong type; the text has its name, and never its value."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"{name} is not {wanted}")


def parse(document: str | bytes) -> dict[str, Any]:
    """Parse *document*, which must be a JSON object.

    Raises:
        MalformedDocumentError: *document* is not a JSON object.
    """
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise MalformedDocumentError("the document", "a JSON object")
    return parsed


def text(document: Fields, name: str) -> str:
    """Return the text *name*, which must not be empty."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedDocumentError(name, "a text")
    return value


def any_text(document: Fields, name: str) -> str:
    """Return the text *name*, which may be empty."""
    value = document.get(name)
    if not isinstance(value, str):
        raise MalformedDocumentError(name, "a text")
    return value


def optional_text(document: Fields, name: str) -> str | None:
    """Return the text *name*, or `None` if it is absent or null."""
    return None if document.get(name) is None else text(document, name)


def flag(document: Fields, name: str) -> bool:
    """Return the boolean *name*."""
    value = document.get(name)
    if not isinstance(value, bool):
        raise MalformedDocumentError(name, "true or false")
    return value


def count(document: Fields, name: str) -> int:
    """Return the whole number *name*, which must be at least 1."""
    value = document.get(name)
    # In Python, `True` is an `int`.
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise MalformedDocumentError(name, "a whole number from 1")
    return value


def number(document: Fields, name: str) -> float:
    """Return the number *name*."""
    value = document.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise MalformedDocumentError(name, "a number")
    return value


def optional_count(document: Fields, name: str) -> int | None:
    """Return the whole number *name* from 1, or `None` if it is absent or null."""
    return None if document.get(name) is None else count(document, name)


def texts(document: Fields, name: str) -> frozenset[str]:
    """Return the list of texts *name*, as a set."""
    value = document.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise MalformedDocumentError(name, "a list of texts")
    return frozenset(value)


def ordered_texts(document: Fields, name: str) -> tuple[str, ...]:
    """Return the list of texts *name*, in its order."""
    texts(document, name)
    return tuple(document[name])


def optional_texts(document: Fields, name: str) -> frozenset[str] | None:
    """Return the list of texts *name* as a set, or `None` if it is absent or null."""
    return None if document.get(name) is None else texts(document, name)


def mapping(document: Fields, name: str) -> dict[str, Any]:
    """Return the object *name*."""
    value = document.get(name)
    if not isinstance(value, dict):
        raise MalformedDocumentError(name, "an object")
    return value


def optional_mapping(document: Fields, name: str) -> dict[str, Any]:
    """Return the object *name*, or an empty one if it is absent or null."""
    return {} if document.get(name) is None else mapping(document, name)


def texts_by_name(document: Fields, name: str) -> dict[str, str]:
    """Return the object *name*, whose values must all be texts."""
    found = mapping(document, name)
    if not all(isinstance(value, str) for value in found.values()):
        raise MalformedDocumentError(name, "an object of texts")
    return found


def entries(document: Fields, name: str) -> list[dict[str, Any]]:
    """Return the list of objects *name*."""
    value = document.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise MalformedDocumentError(name, "a list of objects")
    return value


def instant(document: Fields, name: str) -> datetime:
    """Return the instant *name*, which must be in ISO 8601 with an offset from UTC.

    Raises:
        ValueError: the text is not in ISO 8601.
        MalformedDocumentError: the field is missing, or has no offset.
    """
    value = datetime.fromisoformat(text(document, name))
    if value.tzinfo is None:
        raise MalformedDocumentError(name, "an instant with its offset")
    return value


def sha256(document: Fields, name: str) -> str:
    """Return the SHA-256 *name*, which must be in lower-case hexadecimal."""
    value = text(document, name)
    if _SHA256.fullmatch(value) is None:
        raise MalformedDocumentError(name, "a SHA-256 in hexadecimal")
    return value
