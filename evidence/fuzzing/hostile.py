"""Strategies for input that nobody should send."""

import json
from base64 import urlsafe_b64encode
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

#: Stands in every secret that a target plants: it must come out nowhere.
MARKER = "zqPlantedByTheFuzzerqz"
_ABSENT = object()
_MOST_CHANGES = 4

#: What has broken parsers before, here or elsewhere.
CRAFTY = (
    *("", " ", "\x00", "\n", "null", "true", "[]", "{}", "0", "-1", "1e400", "NaN", "9" * 5_000),
    *("\ud800", "\u0661", "\ufeff", "\u202e", "ä", "a" * 300, "../", "%00", "%ED%A0%80", "'\"<&>"),
    *("jobs", "jobs_read", "jobs_manage", "billing", "shop", "hiring", "acme", "Bearer", "bearer"),
    *("client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange", "invalid_grant"),
    *("2026-02-30", "2026-03-01T00:00:00+00:00", "9999-12-31T23:59:59.999999-23:59", "0000-00-00"),
)

texts = st.sampled_from(CRAFTY) | st.text(st.characters(), max_size=30)
secrets = st.just(MARKER) | texts.map(MARKER.__add__)
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([0, 1, -1, 10**10, 10**400, -(10**400), 2**63, 0.5, 1e308])
)
leaves = st.none() | st.booleans() | numbers | texts
json_values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def encoded(value: object) -> bytes:
    """*value* as JSON; half a character, which JSON may hold, stands as its escape."""
    return json.dumps(value).encode()


def base64url(part: bytes) -> str:
    """One part of a compact JWT."""
    return urlsafe_b64encode(part).rstrip(b"=").decode()


#: Bytes where JSON is expected: JSON of any shape, too deep, or none.
json_bytes = (
    json_values.map(encoded)
    | st.binary(max_size=200)
    | st.integers(1, 20_000).map(b"[".__mul__)
    | st.integers(1, 20_000).map(b'{"a":'.__mul__)
)


@st.composite
def altered(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """*document* with a few of its fields, at any depth, changed, gone or added."""
    copy = deepcopy(document)
    for _ in range(draw(st.integers(0, _MOST_CHANGES))):
        holder = draw(st.sampled_from(_holders(copy)))
        keys = [*holder] if isinstance(holder, dict) else [*range(len(holder))]
        name = draw(st.sampled_from(keys)) if keys else draw(texts)
        value = draw(st.just(_ABSENT) | json_values)
        if value is not _ABSENT:
            _put(holder, name, value)
        elif keys:
            del holder[name]
    return copy


def _put(holder: Any, name: Any, value: object) -> None:
    if isinstance(holder, dict) or isinstance(name, int):
        holder[name] = value
    else:
        holder.append(value)


def _holders(value: object) -> list[Any]:
    """Every object and list in *value*."""
    match value:
        case dict():
            return [value, *(each for inner in value.values() for each in _holders(inner))]
        case list():
            return [value, *(each for inner in value for each in _holders(inner))]
        case _:
            return []
