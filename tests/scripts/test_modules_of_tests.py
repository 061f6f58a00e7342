"""A module of tests shares nothing: what two of them need is in a module that is named for it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("tests", "evidence", "benchmarks", "tools", "scripts", "cli", "layers")


def imported_tests(text: str) -> Iterator[str]:
    """Return each module of tests that the Python code *text* imports."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{each.name}" for each in node.names)]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        else:
            continue
        yield from (name for name in names if _is_of_tests(name))


def _is_of_tests(module: str) -> bool:
    parts = module.split(".")
    is_file = ROOT.joinpath(*parts).with_suffix(".py").exists()
    return parts[0] == "tests" and parts[-1].startswith("test_") and is_file


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_imports_a_module_of_tests(folder: str) -> None:
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / folder).rglob("*.py")
        if not {"build", "node_modules"} & set(path.parts)
        for name in imported_tests(path.read_text(encoding="utf-8"))
    }

    assert found == set()


@pytest.mark.parametrize(
    "line",
    [
        "from tests.scripts.test_modules_of_tests import ROOT",
        "from tests.scripts import test_modules_of_tests",
        "import tests.scripts.test_modules_of_tests as shared",
    ],
)
def test_check_notices_each_way_to_import_one(line: str) -> None:
    assert list(imported_tests(line)) == ["tests.scripts.test_modules_of_tests"]
    assert list(imported_tests("from tests.fakes.clock import FakeClock")) == []
