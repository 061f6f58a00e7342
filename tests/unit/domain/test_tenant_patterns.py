"""A pattern matches what a regular expression of the same meaning matches, and nothing else."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from tokenvend.domain.tenant_values import matches

_labels = st.text(alphabet="ab1_-", max_size=3)
#: A label with at most one star, as `validate` admits it.
_pattern_labels = st.tuples(_labels, st.sampled_from(["", "*"]), _labels).map("".join)
_patterns = st.lists(_pattern_labels, min_size=1, max_size=4).map(".".join)
_values = st.lists(_labels | st.sampled_from(["*", "é", "a\n", "a/b", "%2e"]), max_size=4).map(
    ".".join
)


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", "[A-Za-z0-9_-]+")


@given(pattern=_patterns, value=_values)
@example("*.provider.example", "a.b.provider.example")
@example("a*a.example", "a.example")
def test_pattern_means_what_its_regular_expression_means(pattern: str, value: str) -> None:
    assert matches(pattern, value) is (re.fullmatch(_expression(pattern), value) is not None)


@given(pattern=_patterns, fillings=st.lists(_labels.filter(bool), min_size=4, max_size=4))
def test_pattern_matches_what_its_stars_may_stand_for(pattern: str, fillings: list[str]) -> None:
    value = pattern
    for filling in fillings:
        value = value.replace("*", filling, 1)

    assert matches(pattern, value)
