"""A docstring that sends a reader to another file names one that is there."""

import ast
import re
from pathlib import Path

import pytest
from tests.docs.sources import LAYER, ROOT

#: A file of the layer by its path, or a neighbour by its name.
_FILE = re.compile(r"`((?:\w+/)*\w+\.py)`")
MODULES = sorted(LAYER.rglob("*.py"))


def named_files(module: Path) -> set[str]:
    """Return the files that the docstrings of *module* name."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    docstrings = [
        ast.get_docstring(node) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    return {name for text in docstrings for name in _FILE.findall(text)}


def is_there(name: str, module: Path) -> bool:
    """Whether *name* is a file of the layer, of the repository, or beside *module*."""
    return any((folder / name).is_file() for folder in (LAYER, ROOT, module.parent))


def test_every_file_that_a_docstring_names_is_there() -> None:
    named = {
        (module.relative_to(LAYER).as_posix(), name)
        for module in MODULES
        for name in named_files(module)
    }

    assert len(named) > 10
    assert {each for each in named if not is_there(each[1], LAYER / each[0])} == set()


@pytest.mark.parametrize(
    ("name", "there"),
    [("domain/lease.py", True), ("vendor.py", True), ("lease.py", False), ("a/vendor.py", False)],
)
def test_check_of_a_file_knows_right_from_wrong(name: str, there: bool) -> None:  # noqa: FBT001
    assert is_there(name, LAYER / "vending" / "memory.py") is there


@pytest.mark.parametrize(
    ("question", "opened", "answer"),
    [
        ("who calls", "domain/identity.py", "domain/decision.py"),
        ("the cache key", "domain/cache_key.py", "domain/credential_definition.py"),
        ("the cache key", "vending/memory.py", "domain/cache_key.py"),
        ("the provider is away", "vending/circuit_breaker.py", "domain/failure.py"),
        ("the provider is away", "vending/store_outage.py", "domain/failure.py"),
        ("a refresh that crashes", "refresh_tokens/refresher.py", "domain/journal.py"),
        ("a refresh that crashes", "refresh_tokens/redeemer.py", "domain/journal.py"),
        ("a refresh that crashes", "domain/journal.py", "refresh_tokens/redeemer.py"),
    ],
)
def test_file_that_is_opened_first_names_the_one_that_answers(
    question: str, opened: str, answer: str
) -> None:
    assert answer in named_files(LAYER / opened), question
