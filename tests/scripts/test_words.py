"""Retired words are found in prose, and names of the code are left alone."""

import pytest
from scripts.words import faults, main, prose


def test_no_page_has_a_retired_word() -> None:
    assert main() == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is spent.", ["page.md:1: spent: say redeem (a refresh token)"]),
        ("One\nHammers it", ["page.md:2: Hammers: say asks again and again"]),
        ("It is `spent` by `Spender.spend`.", []),
        ("```python\nspend()\n```\nthen", []),
        ("1. Run\n\n   ```\n   spend\n   ```\n", []),
        ("[a page](spend.md)", []),
        ("Expenditure and suspended", []),
        ("```\na\n```\nHe dies", ["page.md:4: dies: say deadline, or: its invocation ended"]),
    ],
)
def test_a_retired_word_is_found_in_prose_alone(text: str, found: list[str]) -> None:
    assert list(faults("page.md", text)) == found


def test_lines_stay_where_they_were() -> None:
    assert prose("a\n```\nb\n```\nc\n").splitlines() == ["a", "", "", "", "c"]
