"""A field is read only if it has its type; an error has its name, and never its value."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.attributes import (
    bytes_of,
    instant_of,
    number,
    number_of,
    text_of,
)
from tokenvend.adapters.dynamodb.documents import MalformedDocumentError

type Read = Callable[[dict[str, Any], str], object]

HASH = "0123456789abcdef" * 4
INSTANT = "2026-03-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("read", "stored", "found"),
    [
        (documents.text, "a", "a"),
        (documents.any_text, "", ""),
        (documents.optional_text, None, None),
        (documents.optional_text, "a", "a"),
        (documents.flag, True, True),
        (documents.flag, False, False),
        (documents.count, 1, 1),
        (documents.optional_count, None, None),
        (documents.optional_count, 7, 7),
        (documents.number, 0, 0),
        (documents.number, -1.5, -1.5),
        (documents.texts, ["b", "a", "b"], frozenset({"a", "b"})),
        (documents.texts, [], frozenset()),
        (documents.ordered_texts, ["b", "a", "b"], ("b", "a", "b")),
        (documents.optional_texts, None, None),
        (documents.optional_texts, ["a"], frozenset({"a"})),
        (documents.mapping, {"a": 1}, {"a": 1}),
        (documents.optional_mapping, None, {}),
        (documents.optional_mapping, {"a": 1}, {"a": 1}),
        (documents.texts_by_name, {"a": "b"}, {"a": "b"}),
        (documents.entries, [{"a": 1}], [{"a": 1}]),
        (documents.instant, INSTANT, datetime(2026, 3, 1, tzinfo=UTC)),
        (documents.sha256, HASH, HASH),
    ],
)
def test_a_field_of_its_type_is_read(read: Read, stored: object, found: object) -> None:
    assert read({"field": stored, "other": "x"}, "field") == found


@pytest.mark.parametrize(
    ("read", "wrong", "told"),
    [
        (documents.text, ["", 1, None, ["a"]], "a text"),
        (documents.any_text, [1, None, ["a"]], "a text"),
        (documents.optional_text, ["", 1], "a text"),
        (documents.flag, ["false", 0, 1, None], "true or false"),
        (documents.count, [0, -1, True, 1.0, "1", None], "a whole number from 1"),
        (documents.optional_count, [0, True, "1"], "a whole number from 1"),
        (documents.number, [True, "1", None], "a number"),
        (documents.texts, ["ab", ["a", 1], {"a": 1}, None], "a list of texts"),
        (documents.ordered_texts, ["ab", ["a", 1], None], "a list of texts"),
        (documents.optional_texts, ["ab", ["a", 1]], "a list of texts"),
        (documents.mapping, ["a", [["a", "b"]], None], "an object"),
        (documents.optional_mapping, ["a", []], "an object"),
        (documents.texts_by_name, [{"a": 1}, {"a": "b", "c": None}], "an object of texts"),
        (documents.entries, [{"a": 1}, [1], [{}, 1], None], "a list of objects"),
        (documents.instant, ["2026-03-01T00:00:00"], "an instant with its offset"),
        (documents.instant, [1, None], "a text"),
        (
            documents.sha256,
            [HASH[1:], HASH + "0", HASH.upper(), f"{HASH}\n"],
            "a SHA-256 in hexadecimal",
        ),
    ],
)
def test_a_field_of_another_type_is_refused_by_its_name(
    read: Read, wrong: list[object], told: str
) -> None:
    for value in wrong:
        with pytest.raises(MalformedDocumentError) as caught:
            read({"field": value}, "field")

        assert str(caught.value) == f"field is not {told}"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"a"', "[" * 99_999])
def test_what_is_no_object_of_json_is_refused(text: str) -> None:
    with pytest.raises(MalformedDocumentError) as caught:
        documents.parse(text)

    assert str(caught.value) == "the document is not a JSON object"


@pytest.mark.parametrize("document", ['{"a": [1]}', b'{"a": [1]}'])
def test_an_object_of_json_is_parsed(document: str | bytes) -> None:
    assert documents.parse(document) == {"a": [1]}


def test_an_attribute_is_read_by_its_type() -> None:
    item = {"s": {"S": "a"}, "n": {"N": "1.5"}, "b": {"B": b"x"}, "odd": {"S": 1}}

    assert [text_of(item, name) for name in ("s", "n", "odd", "none")] == ["a", None, None, None]
    assert [number_of(item, name) for name in ("n", "s", "none")] == [1.5, None, None]
    assert [bytes_of(item, name) for name in ("b", "s", "none")] == [b"x", None, None]


@pytest.mark.parametrize(
    ("value", "stored"),
    [(0, "0"), (10, "10"), (100.0, "100"), (1.5, "1.5"), (1.0000001, "1"), (0.000001, "0.000001")],
)
def test_a_number_is_stored_with_its_microseconds(value: float, stored: str) -> None:
    assert number(value) == {"N": stored}


def test_an_instant_counts_from_1970_in_utc() -> None:
    assert instant_of(86_400.5) == datetime(1970, 1, 2, 0, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [1e15, 1e300, -1e15])
def test_an_instant_that_no_calendar_reaches_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"year|^an instant that no calendar reaches$"):
        instant_of(seconds)
