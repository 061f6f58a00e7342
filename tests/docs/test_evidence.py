"""Where a document names a test as evidence, that test is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
DOCUMENTS = sorted((ROOT / "docs").rglob("*.md"))
EVIDENCE = [
    pytest.param(path, test, id=f"{document.stem}-{test}")
    for document in DOCUMENTS
    for path, test in NAMED.findall(document.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("path", "test"), EVIDENCE)
def test_named_test_is_there(path: str, test: str) -> None:
    assert f"\ndef {test}(" in (ROOT / path).read_text(encoding="utf-8")


def test_every_row_about_caching_names_its_test() -> None:
    text = (ROOT / "docs" / "caching.md").read_text(encoding="utf-8")
    table = text.partition("| what goes wrong elsewhere |")[2]
    rows = [line for line in table.splitlines() if line.startswith("| ")]

    assert rows
    assert all(NAMED.search(row) for row in rows)
