"""A reader of `docs/architecture.md` gets from each function to its rules in few files."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest
from tests.docs.names import LAYER, ROOT

from tokenvend.domain.rule import Rule

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## From a function to its rules\n")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in SECTION.splitlines()
    if line.startswith("| `")
]
#: The most files from a function's `app.py`, with it, to the rule and to the exchange.
TO_RULE, TO_EXCHANGE = 4, 6
#: Functions that answer the public: they refuse nobody and exchange nothing.
PUBLIC = {"jwks", "metadata"}
_FILE = re.compile(r"`([\w/]+\.py)`")


def _walk(start: str, cell: str) -> list[Path]:
    """The files of one cell of the table, from the function's own on."""
    (app,) = _FILE.findall(start)
    return [ROOT / app, *(LAYER / name for name in _FILE.findall(cell))]


RULE_WALKS = [_walk(start, rule) for start, rule, _ in ROWS]
EXCHANGE_WALKS = [_walk(start, there) for start, _, there in ROWS if _FILE.search(there)]


def _id(walk: list[Path]) -> str:
    return f"{walk[0].parent.name} to {walk[-1].stem}"


def names_file(reader: Path, target: Path) -> bool:
    """Whether the file *reader* imports the module *target*, or names its path in a docstring."""
    source = reader.read_text(encoding="utf-8")
    path = target.relative_to(LAYER).as_posix()
    module = "tokenvend." + path.removesuffix(".py").replace("/", ".")
    imported = {
        node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)
    }
    return module in imported or f"`{path}`" in source


def test_table_has_every_function_that_refuses() -> None:
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}

    assert {walk[0].parent.name for walk in RULE_WALKS} == functions - PUBLIC


@pytest.mark.parametrize("walk", RULE_WALKS, ids=_id)
def test_rule_that_refused_is_at_most_four_files_away(walk: list[Path]) -> None:
    assert 3 <= len(walk) <= TO_RULE
    assert LAYER / "domain" in walk[-1].parents or walk[-1].stem == "secret_sweep"


@pytest.mark.parametrize("walk", EXCHANGE_WALKS, ids=_id)
def test_exchange_is_at_most_six_files_away(walk: list[Path]) -> None:
    assert len(walk) <= TO_EXCHANGE
    assert "self._provider.send(request)" in walk[-1].read_text(encoding="utf-8")


@pytest.mark.parametrize("walk", [*RULE_WALKS, *EXCHANGE_WALKS], ids=_id)
def test_each_file_on_a_walk_names_the_next(walk: list[Path]) -> None:
    missing = [(a.name, b.name) for a, b in pairwise(walk) if not names_file(a, b)]

    assert missing == []


@pytest.mark.parametrize(
    "rule", [rule for rule in Rule if rule is not Rule.GRANTED], ids=lambda each: each.name
)
def test_use_case_names_the_file_of_every_rule(rule: Rule) -> None:
    """So that no rule is further away than the one that the table has as the example."""
    vendor = LAYER / "vending" / "vendor.py"
    deciding = [
        path
        for path in (*(LAYER / "domain").glob("*.py"), *(LAYER / "vending").glob("*.py"))
        if re.search(rf"\bRule\.{rule.name}\b", path.read_text(encoding="utf-8"))
    ]

    assert any(path == vendor or names_file(vendor, path) for path in deciding)


def test_check_of_a_walk_notices_a_file_that_is_skipped() -> None:
    assert not names_file(LAYER / "entries" / "callers.py", LAYER / "domain" / "grant_limits.py")
    assert not names_file(LAYER / "vending" / "vendor.py", LAYER / "refresh_tokens/redeemer.py")
