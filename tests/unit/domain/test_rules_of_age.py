"""A token's age is judged in one module: nothing else reads a share of its lifetime."""

import re
from pathlib import Path

import pytest

import tokenvend

LAYER = Path(tokenvend.__file__).parent
#: Each bound of a token's age. `bounds` defines it, `freshness` uses it.
AGES = [
    *("RENEWAL_DUE", "RENEWAL_DUE_REPEATED", "OVERDUE", "OVERDUE_REPEATED"),
    *("OVERDUE_BEFORE_END", "RENEWAL_RUNS_APART", "JITTER", "REJECTION_AGAIN_AFTER"),
]


@pytest.mark.parametrize("bound", AGES)
def test_only_one_module_judges_a_tokens_age(bound: str) -> None:
    readers = [
        path.relative_to(LAYER).as_posix()
        for path in LAYER.rglob("*.py")
        if re.search(rf"\bbounds\.{bound}\b", path.read_text(encoding="utf-8"))
    ]

    assert readers == ["domain/freshness.py"]
