"""The table of bounds in the docs says what the code does."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tokenvend.domain import bounds

ROW = re.compile(r"\| .* \| `(\w+)` \| .* \| ([\d.]+)[^|]*\|")
ROWS = ROW.findall((Path(__file__).parents[2] / "docs" / "bounds.md").read_text(encoding="utf-8"))
MAXIMA = {"MEMORY_SECONDS_MAXIMUM", "OUTAGE_GRACE_SECONDS_MAXIMUM"}


@pytest.mark.parametrize(("name", "documented"), ROWS)
def test_documented_bound_is_the_codes(name: str, documented: str) -> None:
    value = getattr(bounds, name)
    number = value.total_seconds() if isinstance(value, timedelta) else value

    assert number == float(documented)


def test_every_bound_names_the_test_that_holds_it() -> None:
    text = (Path(__file__).parents[2] / "docs" / "bounds.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if ROW.match(line)]

    assert len(rows) == len(ROWS)
    assert all(re.search(r"`tests/[\w/]+\.py::test_\w+` \|$", row) for row in rows)


def test_every_bound_is_documented() -> None:
    names = {name for name in vars(bounds) if name.isupper()}

    assert names - MAXIMA == {name for name, _ in ROWS}
