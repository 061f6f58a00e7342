"""No module over 250 lines comes in anew, and the list of longer ones may only shrink."""

import pytest
from scripts.module_lengths import LONGER, Longer, faults, lengths

LISTED = {"old.py": Longer(300, "one parser")}


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        pytest.param({"old.py": 300, "new.py": 250}, None, id="at both bounds"),
        pytest.param({"old.py": 251, "new.py": 251}, "new.py: 251 lines; split it", id="a new one"),
        pytest.param({"old.py": 301}, "old.py: 301 lines; it may not grow", id="one that grew"),
        pytest.param({"old.py": 250}, "old.py: has at most 250 lines: take it off", id="one split"),
        pytest.param({}, "old.py: has at most 250 lines: take it off", id="one that is gone"),
    ],
)
def test_long_modules_are_found(found: dict[str, int], fault: str | None) -> None:
    expected = [] if fault is None else [fault]

    assert [each[: len(fault or "")] for each in faults(found, LISTED)] == expected


def test_every_listed_module_is_among_those_that_are_counted() -> None:
    found = lengths()

    assert found.keys() >= LONGER.keys()
    assert "tests/scripts/test_module_lengths.py" in found
    assert "clients/python/src/tokenvend_client/__init__.py" in found
