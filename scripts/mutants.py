"""Change the library a little, thousands of times, and see whether a test notices (mutmut).

`python -m scripts.mutants [NAME …]` works on a copy in `build/mutants`, and goes on where it was
stopped: what has not changed since is not tried again. *NAME* is a pattern of dotted names, such
as `tokenvend.domain.lease*`; without one, everything in `MUTATED` is changed. What survived is
listed in `build/mutants.txt`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / "build" / "mutants"
REPORT = ROOT / "build" / "mutants.txt"
#: Parts of the library in which a changed guard matters.
MUTATED = ("domain", "vending", "connecting", "entries", "handlers")
_LIBRARY = ROOT / "layers" / "tokenvend" / "python" / "tokenvend"
_MUTMUT = ROOT / ".venvs" / "mutants" / "bin" / "mutmut"
#: What the tests read beside the library.
_READ = ("tests", "functions", "events", "cli", "simulation", "models", "docs", "scripts")
_TEMPLATE = "template.yaml"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", ".pytest_cache")
#: They look at the files or at the stack of the code, which mutmut has rewritten.
_IGNORED = (
    "tests/unit/test_imports.py",
    "tests/functions/test_openapi.py",
    "tests/unit/models",
)
_SECRET_TESTS = "tests/unit/domain/test_secret.py"
_DESELECTED = f"{_SECRET_TESTS}::test_traceback_of_a_failed_pickling_does_not_quote_the_value"
_SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = [{only}]
also_copy = [{read}]
pytest_add_cli_args = [{arguments}]
pytest_add_cli_args_test_selection = ["tests/unit", "tests/functions"]
use_git_change_detection = false
on_dependency_change = "warn"

[tool.pytest.ini_options]
pythonpath = [".", "cli"]
addopts = ["--import-mode=importlib"]
markers = ["long"]
"""
_LINE = re.compile(r"^\s*(?P<name>tokenvend\.\S+): (?P<state>.+)$")


def main(names: Sequence[str]) -> int:
    """Run mutmut on the copy, and write what survived.

    The exit code is 1 if mutmut could not work: a test fails without any change.
    """
    stage()
    done = subprocess.run(
        [_MUTMUT, "run", *names], cwd=STAGE, env=_environment(), check=False
    ).returncode
    if done:
        return 1
    states = read_states(_output("results", "--all", "true"), names)
    REPORT.write_text(
        "".join(f"{name}: {state}\n" for name, state in sorted(states.items()) if state != "killed")
    )
    print(f"\n{summary(states)}; the others are in {REPORT.relative_to(ROOT)}")
    return 0


def stage() -> None:
    """Make the copy what the project is now. Unchanged files keep their times: mutmut resumes."""
    STAGE.mkdir(parents=True, exist_ok=True)
    _copy(_LIBRARY, STAGE / "src" / "tokenvend")
    for name in _READ:
        _copy(ROOT / name, STAGE / name)
    shutil.copy2(ROOT / _TEMPLATE, STAGE / _TEMPLATE)
    options = ("-p", "no:schemathesis", "-p", "no:xdist", "-q")
    arguments = [
        *options,
        *(f"--ignore={each}" for each in _IGNORED),
        f"--deselect={_DESELECTED}",
    ]
    settings = _SETTINGS.format(
        only=_listed(f"src/tokenvend/{part}/*" for part in MUTATED),
        read=_listed([*_READ, _TEMPLATE]),
        arguments=_listed(arguments),
    )
    (STAGE / "pyproject.toml").write_text(settings, encoding="utf-8")


def read_states(text: str, names: Sequence[str] = ()) -> dict[str, str]:
    """What became of each mutant, by its name, as `mutmut results` prints it."""
    prefixes = tuple(name.rstrip("*") for name in names)
    found = (match for line in text.splitlines() if (match := _LINE.match(line)))
    return {
        match["name"]: match["state"]
        for match in found
        if not prefixes or match["name"].startswith(prefixes)
    }


def summary(states: dict[str, str]) -> str:
    """How many were killed, of how many that were tried."""
    counts = Counter(states.values())
    tried = sum(count for state, count in counts.items() if state != "not checked")
    # A change that makes a test hang is noticed too.
    killed = counts["killed"] + counts["timeout"]
    share = f"{100 * killed / tried:.1f} %" if tried else "none"
    return f"{killed} of {tried} mutants killed ({share})"


def _copy(source: Path, target: Path) -> None:
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for path in target.rglob("*") if target.is_dir() else ():
        if path.is_file() and path.relative_to(target) not in wanted:
            path.unlink()
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=_LEFT_OUT)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "default"}


def _output(*arguments: str) -> str:
    return subprocess.run(
        [_MUTMUT, *arguments],
        cwd=STAGE,
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
