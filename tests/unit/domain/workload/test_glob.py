"""Patterns that stay within a segment, and whether two of them can mean the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain.workload.glob import has_exact_segment, matches, may_both_match

_TEXTS = st.text("ab/:.*", max_size=8)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("repo:acme/app:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main"),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main"),
        ("repo:acme/app:ref:refs/tags/v*", "repo:acme/app:ref:refs/tags/v1.2"),
        ("repo:acme/a*p*:x", "repo:acme/app-1:x"),
        ("spiffe://acme.example/ns/*/sa/billing", "spiffe://acme.example/ns/prod/sa/billing"),
        ("*b*b*", "abxbx"),
    ],
)
def test_pattern_matches_within_a_segment(pattern: str, text: str) -> None:
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("repo:acme/*", "repo:acme/app:ref:x", id="star would cross a colon"),
        pytest.param("refs/heads/*", "refs/heads/team/main", id="star would cross a slash"),
        pytest.param("repo:acme/*:ref", "repo:acme/:ref", id="star is at least one character"),
        pytest.param("repo:acme/app", "repo:acme/app-evil", id="exact is not a beginning"),
        pytest.param("repo:acme/app", "evil:repo:acme/app", id="exact is not an end"),
        pytest.param("a/*", "a:b", id="separators are not each other"),
        pytest.param("a.c", "abc", id="a dot is a dot"),
        pytest.param("repo:acme/app*", "repo:acme/app", id="star at the end needs something"),
        pytest.param("ab*ba", "aba", id="beginning and end do not share"),
        pytest.param("refs/tags/v*", "refs/tags/x1", id="another beginning"),
        pytest.param("v*-prod", "v1-test", id="another end"),
        pytest.param("a*a*", "abc", id="the middle is the beginning again"),
        pytest.param("*bc*c*", "abcd", id="two parts of the middle share"),
        pytest.param("main", "MAIN", id="case counts"),
        pytest.param("main", "main\n", id="a line's end counts"),
        pytest.param("*", "", id="nothing is not something"),
    ],
)
def test_pattern_does_not_match(pattern: str, text: str) -> None:
    assert not matches(pattern, text)


@given(pattern=_TEXTS, text=_TEXTS)
def test_pattern_means_what_its_regular_expression_means(pattern: str, text: str) -> None:
    meaning = "[^/:]+".join(re.escape(part) for part in pattern.split("*"))

    assert matches(pattern, text) == bool(re.fullmatch(meaning, text, re.DOTALL))


@given(first=_TEXTS, second=_TEXTS, text=_TEXTS)
def test_patterns_that_match_one_text_may_both_match(first: str, second: str, text: str) -> None:
    both = matches(first, text) and matches(second, text)

    assert may_both_match(first, second) or not both
    assert may_both_match(first, second) == may_both_match(second, first)


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("a/*", "*/b", True),
        ("a*c", "ab*", True),
        ("a*", "*a", True),
        ("a*b", "b*a", False),
        ("a*", "a", False),
        ("a/*", "a/b/c", False),
        ("a/*", "a:*", False),
        ("refs/heads/*", "refs/heads/main", True),
        ("x*", "*y*z", True),
        ("same", "same", True),
        ("same", "other", False),
    ],
)
def test_patterns_meet_or_not(first: str, second: str, *, meet: bool) -> None:
    assert may_both_match(first, second) is meet


def test_hostile_text_takes_linear_time() -> None:
    assert not matches("*a*a*a*a*a*a*a*a*b", "a" * 100_000)


@pytest.mark.parametrize(
    ("pattern", "exact"), [("*", False), ("*/*:*", False), ("a*", False), ("repo:*", True)]
)
def test_a_pattern_may_name_nobody_in_particular(pattern: str, *, exact: bool) -> None:
    assert has_exact_segment(pattern) is exact


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param("v1*", "v*9", True, id="a beginning and an end"),
        pytest.param("va*", "vb*", False, id="two beginnings"),
        pytest.param("*a", "*b", False, id="two ends"),
        pytest.param("a*", "a", False, id="star is at least one character"),
        pytest.param("ab*", "*ab", True, id="longer than both"),
    ],
)
def test_whether_two_patterns_can_mean_the_same(first: str, second: str, *, expected: bool) -> None:
    assert may_both_match(first, second) is expected
    assert may_both_match(second, first) is expected
