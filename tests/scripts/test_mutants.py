"""What mutmut found is read, counted and compared, and a whole run works on one small module."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scripts.mutant_report import (
    Change,
    Mutant,
    matching,
    read_accepted,
    read_mutants,
    survivors,
    table,
)
from scripts.mutants import ACCEPTED, REPORT, ROOT, SUITES, Suite, stage

MUTATED = """\
def x_wait__mutmut_orig(seconds):
    if seconds < 1:
        return None
    return seconds
def x_wait__mutmut_1(seconds):
    if seconds <= 1:
        return None
    return seconds
class Lease:
    def xǁLeaseǁends__mutmut_orig(self):
        return self.at + 1
    def xǁLeaseǁends__mutmut_1(self):
        return self.at - 1
"""
SPANS = {
    "x_wait__mutmut_orig": [1, 4],
    "x_wait__mutmut_1": [5, 8],
    "xǁLeaseǁends__mutmut_orig": [10, 11],
    "xǁLeaseǁends__mutmut_1": [12, 13],
}
CODES = {
    "tokenvend.domain.lease.x_wait__mutmut_1": 0,
    "tokenvend.domain.lease.xǁLeaseǁends__mutmut_1": 1,
}


def mutant(package: str, state: str) -> Mutant:
    change = Change(f"tokenvend.{package}.f", "a < b", "a <= b")
    return Mutant(f"tokenvend.{package}.x_f__mutmut_1", change, state)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder in which mutmut has worked on one module."""
    folder = tmp_path / "mutants" / "src" / "tokenvend" / "domain"
    folder.mkdir(parents=True)
    (folder / "lease.py").write_text(MUTATED, encoding="utf-8")
    (folder / "lease.py.meta").write_text(json.dumps({"exit_code_by_key": CODES}))
    (folder / "lease.py.spans").write_text(json.dumps({"spans": SPANS}))
    return tmp_path


def test_a_change_is_its_function_and_its_lines(copy: Path) -> None:
    wait, ends = read_mutants(copy)

    assert wait.change == Change(
        "tokenvend.domain.lease.wait", "if seconds < 1:", "if seconds <= 1:"
    )
    assert ends.change == Change(
        "tokenvend.domain.lease.Lease.ends", "return self.at + 1", "return self.at - 1"
    )
    assert survivors([wait, ends]) == [wait]
    assert wait.package == "domain"


def test_a_pattern_names_the_changes_of_a_module(copy: Path) -> None:
    found = read_mutants(copy)

    assert matching(found, ["tokenvend.domain.lease.x_wait*"]) == found[:1]
    assert matching(found, []) == found


def test_what_is_accepted_is_written_as_it_is_read() -> None:
    change = Change("tokenvend.domain.f", "return a | b", 'return {"a": `b`}')

    assert read_accepted(f"# Accepted\n\n## Why\n\n{change}\n") == {change}


def test_every_accepted_change_stands_under_its_reason() -> None:
    page = ACCEPTED.read_text("utf-8")
    entries = [line for line in page.splitlines() if line.startswith("- ")]

    assert len(entries) == len(read_accepted(page))
    assert not any("- " in part for part in page.split("\n## ", maxsplit=1)[0].splitlines())


def test_a_change_that_hangs_is_noticed_and_one_that_was_not_tried_counts_for_nothing() -> None:
    counted = table(
        [
            mutant("domain", "killed"),
            mutant("vending", "killed"),
            mutant("domain", "survived"),
            mutant("domain", "no tests"),
            mutant("domain", "not checked"),
        ]
    )

    assert counted.splitlines()[2:] == [
        "| domain | 3 | 1 | 33.3 % |",
        "| vending | 1 | 1 | 100.0 % |",
        "| **all** | 4 | 2 | 50.0 % |",
    ]


def test_nothing_tried_is_no_success() -> None:
    assert table([]).splitlines()[-1] == "| **all** | 0 | 0 | none |"


def test_each_package_with_rules_has_one_suite() -> None:
    parts = [part for suite in SUITES for part in suite.parts]
    library = ROOT / "layers" / "tokenvend" / "python" / "tokenvend"
    packages = {each.parent.name for each in library.glob("*/__init__.py")}

    assert sorted(parts) == sorted(packages - {"composition", "observability", "ports"})
    assert all(
        sum(suite.concerns(f"tokenvend.{part}.x*") for suite in SUITES) == 1 for part in parts
    )


def test_a_test_that_has_gone_is_not_run_again(tmp_path: Path) -> None:
    gone = tmp_path / "mutants" / "tests" / "unit" / "test_gone.py"
    gone.parent.mkdir(parents=True)
    gone.write_text("import gone\n", encoding="utf-8")

    stage(Suite(tmp_path, ("domain",), ("tests/unit/domain",)))

    assert not gone.exists()
    assert (tmp_path / "tests" / "unit" / "domain" / "test_lease.py").exists()


def test_every_change_of_the_lease_is_noticed() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "scripts.mutants", "tokenvend.domain.lease*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert "| domain | 11 | 11 | 100.0 % |" in run.stdout
    assert REPORT.read_text(encoding="utf-8") == ""
