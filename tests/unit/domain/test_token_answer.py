"""Paths and lifetimes: every one, not only those of known providers."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.strategies import START

from tokenvend.domain import bounds
from tokenvend.domain.oauth.response_description import (
    PATH,
    PATHS,
    LifetimeUnit,
    ReadAnswer,
    parse_path,
    parse_token_answer,
    value_at,
)
from tokenvend.domain.oauth.token_lifetime import NotALifetimeError, capped, stated_seconds

_paths = st.from_regex(PATH, fullmatch=True)
#: So few that two of them are often the same.
_few_paths = st.lists(
    st.sampled_from(["a", "0", "00", "scope", "error", "access_token"]), min_size=1, max_size=3
).map(".".join)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(path=_paths, value=_json)
def test_path_leads_to_what_stands_there(path: str, value: object) -> None:
    document = value
    for name in reversed(path.split(".")):
        document = {name: document}

    assert value_at(document, parse_path(path)) == value


@given(before=st.lists(_json, max_size=3), value=_json)
def test_index_leads_into_a_list(before: list[object], value: object) -> None:
    assert value_at({"a": [*before, value]}, ("a", str(len(before)))) == value


@given(path=_paths, document=_json)
def test_path_into_anything_else_leads_to_nothing_and_breaks_nothing(
    path: str, document: object
) -> None:
    found = value_at(document, parse_path(path))

    assert found is None or isinstance(document, dict | list)


@pytest.mark.parametrize(
    "text",
    ["", ".", "a.", ".a", "a..b", "$.a", "a[0]", "a b", "a.*", "ä", "a\n", ".".join("a" * 9)],
)
def test_text_that_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        parse_path(text)


@pytest.mark.parametrize(
    "document",
    [
        {"token": 7},
        {"token": "a b"},
        {"token_types": "app"},
        {"token_types": [7]},
        {"lifetime_unit": "hours"},
        {"lifetime_unit": ["seconds"]},
    ],
    ids=str,
)
def test_description_of_another_form_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  an Enum's own text, and ours
        parse_token_answer(document)


@pytest.mark.parametrize(
    "document",
    [
        {"error": "access_token"},
        {"scope": "refresh_token"},
        {"error": "data.id_token"},
        {"token": "data.token", "token_type": "data.token"},
        {"token": "data.0.token", "scope": "data"},
        {"token": "data.0", "scope": "data.00"},
        {"refresh_token": "again", "success": "again"},
        {"token": "data.token", "lifetime": "data.refresh_token"},
        {"token": "scope"},
        {"token": "error.token", "error": "code"},
    ],
    ids=str,
)
def test_description_that_would_show_a_token_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="leads to a token"):
        parse_token_answer(document)


@given(paths=st.fixed_dictionaries({}, optional=dict.fromkeys(PATHS, _few_paths)))
def test_no_description_shows_the_token_that_it_finds(paths: dict[str, str]) -> None:
    try:
        described = parse_token_answer(paths)
    except ValueError:
        return
    document: Any = "the-token"
    for name in reversed(described.token):
        document = {name: document}

    shown = ReadAnswer(described, document)

    assert shown.token == "the-token"
    assert shown.error != "the-token"
    assert "the-token" not in {shown.at(described.scope), shown.at(described.token_type)}


@given(
    length=st.integers(0, 10**6),
    unit=st.sampled_from([LifetimeUnit.SECONDS, LifetimeUnit.MINUTES, LifetimeUnit.MILLISECONDS]),
    as_text=st.booleans(),
)
def test_length_in_any_unit_is_as_long_as_it_says(
    length: int, unit: LifetimeUnit, *, as_text: bool
) -> None:
    stated: object = str(length) if as_text else length
    in_one = {"seconds": 1_000, "minutes": 60_000, "milliseconds": 1}[unit]

    seconds = stated_seconds(stated, unit, requested_at=START)

    assert round(seconds * 1_000) == length * in_one


@given(
    seconds=st.integers(1, 10**8),
    unit=st.sampled_from([LifetimeUnit.EPOCH_SECONDS, LifetimeUnit.EPOCH_MILLISECONDS]),
    as_text=st.booleans(),
)
def test_instant_in_a_number_counts_from_the_request(
    seconds: int, unit: LifetimeUnit, *, as_text: bool
) -> None:
    number = int((START + timedelta(seconds=seconds)).timestamp())
    number *= 1000 if unit is LifetimeUnit.EPOCH_MILLISECONDS else 1
    stated: object = str(number) if as_text else number

    assert stated_seconds(stated, unit, requested_at=START) == seconds


@given(after=st.timedeltas(timedelta(0), timedelta(days=9999)), offset=st.integers(-1439, 1439))
def test_instant_in_text_counts_from_the_request_in_any_zone(after: timedelta, offset: int) -> None:
    end = (START + timedelta(seconds=int(after.total_seconds()))) + timedelta(minutes=offset)
    hours, minutes = divmod(abs(offset), 60)
    text = f"{end:%Y-%m-%dT%H:%M:%S}{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"

    seconds = stated_seconds(text, LifetimeUnit.RFC3339, requested_at=START)

    assert seconds == int(after.total_seconds())


@given(value=_json | st.floats() | st.text(), unit=st.sampled_from(LifetimeUnit))
def test_any_value_is_a_bounded_lifetime_or_none(value: object, unit: LifetimeUnit) -> None:
    assume(value == value)  # noqa: PLR0124  NaN: JSON has none
    try:
        seconds = stated_seconds(value, unit, requested_at=START)
    except NotALifetimeError:
        return

    assert capped(max(seconds, 0)) <= bounds.LIFETIME_MAXIMUM
