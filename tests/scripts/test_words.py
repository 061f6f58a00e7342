"""Retired words are found in prose and in names, each by its own list."""

import pytest
from scripts.words import docstring_faults, faults, main, name_faults, prose


def test_no_page_and_no_name_has_a_retired_word() -> None:
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


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("dies = 1", ["a.py:1: dies: say deadline"]),
        ("x = 1\nasked_for(x)", ["a.py:2: asked_for: say requested, or in use"]),
        ("class TokenSpender: ...", ["a.py:1: TokenSpender: say redeemer"]),
        ("_EPOCH = 1", ["a.py:1: _EPOCH: say secret generation"]),
        ("EPOCH_SECONDS = 'epoch_seconds'", []),
        ("text = 'he dies'  # spent", []),
        ("fields['asked_scope'] = 1", ["a.py:1: asked_scope: say requested, or in use"]),
        ("text = 'asked'", []),
        ("expenditure = basked = 1", []),
    ],
)
def test_a_retired_word_is_found_in_names_alone(code: str, found: list[str]) -> None:
    assert list(name_faults("a.py", code + "\n")) == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('"""The scene\'s token."""', ["a.py:1: scene: say scenario"]),
        ('def f():\n    """Ends the\n    World."""', ["a.py:2: World: say harness"]),
        ('"""A scenery."""\n#: a scene\ntext = "world"', []),
    ],
)
def test_a_retired_word_is_found_in_docstrings(code: str, found: list[str]) -> None:
    assert list(docstring_faults("a.py", code + "\n")) == found
