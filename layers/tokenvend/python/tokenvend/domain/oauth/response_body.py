"""Parse the body of a provider's answer: JSON, a form or text."""

import json
from typing import NoReturn
from urllib.parse import parse_qsl

_FORM_FIELDS = 50


def parse_json(body: bytes) -> object:
    """Parse *body* as JSON; `None` if it is not JSON. NaN and Infinity are not."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def parse_form(body: bytes) -> dict[str, str] | None:
    """Parse *body* as a form; `None` if it is not a form, or a name is in it twice."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_FORM_FIELDS,
        )
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def parse_text(body: bytes) -> str | None:
    """Return *body* as text without the quotes around it; `None` if it is no ASCII text."""
    try:
        text = body.decode("ascii").strip()
    except UnicodeDecodeError:
        return None
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if quoted else text


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
