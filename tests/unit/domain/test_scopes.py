"""Scopes, names and targets: what may be written, and that it reads back."""

import re

import pytest
from hypothesis import given
from tests.strategies import names, scope_sets

from tokenvend.domain.names import CLIENT_ID, NAME, RESERVED_ALIASES, SCOPE, TARGET, TENANT, is_name
from tokenvend.domain.scopes import Scopes, format_scope, parse_scope


@given(scopes=scope_sets)
def test_what_is_written_reads_back(scopes: Scopes) -> None:
    assert parse_scope(format_scope(scopes)) == scopes


@given(scopes=scope_sets)
def test_one_set_has_one_text(scopes: Scopes) -> None:
    assert format_scope(sorted(scopes)) == format_scope(sorted(scopes, reverse=True))


@pytest.mark.parametrize("text", ["b a", " a  b ", "a b a b"])
def test_order_repetition_and_blanks_do_not_matter(text: str) -> None:
    assert parse_scope(text) == {"a", "b"}


@pytest.mark.parametrize(
    "text", ['a"b', "a\\b", "a\tb", "a\nb", "ä", "\x7f", "a\x00", "\ud800", "a" * 257]
)
def test_scope_with_a_character_of_no_scope_is_refused_unquoted(text: str) -> None:
    with pytest.raises(ValueError, match="character") as caught:
        parse_scope(text)

    assert text not in str(caught.value)


@given(name=names)
def test_every_name_is_one(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    ("pattern", "longest", "too_long"),
    [
        (NAME, "a" * 63, "a" * 64),
        (TENANT, "A" * 63, "A" * 64),
        (CLIENT_ID, "A" * 63, "A" * 64),
        (SCOPE, "a" * 256, "a" * 257),
        (TARGET, "a" * 2048, "a" * 2049),
    ],
)
def test_length_of_a_name_ends_at_its_bound(
    pattern: re.Pattern[str], longest: str, too_long: str
) -> None:
    assert pattern.fullmatch(longest)
    assert not pattern.fullmatch(too_long)
    assert not pattern.fullmatch("")


@pytest.mark.parametrize("pattern", [NAME, TENANT, CLIENT_ID])
@pytest.mark.parametrize("text", ["*", "!secret", "a#b", "a/b", "a:b", "a\n", "-a", ".a", "a b"])
def test_no_name_can_be_mistaken_for_a_key_of_ours(pattern: re.Pattern[str], text: str) -> None:
    assert not pattern.fullmatch(text)


def test_reserved_aliases_are_well_formed_names() -> None:
    # Hence they must be refused by name wherever an alias proves a caller.
    assert all(is_name(alias) for alias in RESERVED_ALIASES)
