"""Run mutation tests with mutmut: change the library, and check that a test notices.

`python -m scripts.mutants [--survivors] [NAME …]` works on copies in `build/`, and resumes
after an interruption. *NAME* is a pattern of dotted names, such as `tokenvend.domain.lease*`: its
matches are tried again. Without one, or with a whole package such as `tokenvend.adapters*`, mutants
of unchanged code are tried again only if they survived. `--survivors` tries only those that
survived.

The exit code is 1 if something survived that `docs/mutants-accepted.md` does not list.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.mutant_report import (
    Mutant,
    matching,
    read_accepted,
    read_mutants,
    survivors,
    table,
)

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "build" / "mutants.txt"
ACCEPTED = ROOT / "docs" / "mutants-accepted.md"
_LIBRARY = ROOT / "layers" / "tokenvend" / "python" / "tokenvend"
_MUTMUT = ROOT / ".venvs" / "mutants" / "bin" / "mutmut"
#: The paths that the tests read besides the library.
_READ = ("tests", "functions", "events", "cli", "tools", "evidence", "docs", "scripts", "clients")
_TEMPLATE = "template.yaml"
_PLUGINS = ROOT / "scripts" / "pytest_plugins"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", ".pytest_cache")
_SECRET_TESTS = "tests/unit/domain/test_secret.py"
_AWS_TESTS = "tests/adapters/test_aws_clients.py"
_OPTIONS = (
    *("-p", "no:schemathesis", "-p", "no:xdist", "-p", "quickest_first", "-q"),
    # These collect garbage and write a file at the end of each run: longer than most tests.
    *("-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:cacheprovider"),
    # These tests check the code's files, stack or imports, which mutmut has rewritten.
    "--ignore=tests/unit/test_imports.py",
    "--ignore=tests/functions/test_openapi.py",
    "--ignore=tests/unit/models",
    f"--deselect={_SECRET_TESTS}::test_traceback_of_a_failed_pickling_does_not_quote_the_value",
    f"--deselect={_AWS_TESTS}::test_importing_the_tables_loads_nothing_that_only_a_miss_needs",
)
_SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = [{only}]
also_copy = [{read}]
pytest_add_cli_args = [{options}]
pytest_add_cli_args_test_selection = [{tests}]
use_git_change_detection = false
on_dependency_change = "warn"

[tool.pytest.ini_options]
pythonpath = [".", "cli", "tools", "evidence", "clients/python/src"]
addopts = ["--import-mode=importlib"]
markers = ["long"]
"""


@dataclass(frozen=True, slots=True)
class Suite:
    """Packages of the library to mutate, and the tests that must notice the changes."""

    copy: Path
    parts: tuple[str, ...]
    tests: tuple[str, ...]
    needs_aws: bool = False

    def concerns(self, name: str) -> bool:
        """Whether *name*, a pattern, matches something in these packages."""
        return name.rstrip("*").split(".")[1:2] in [[part] for part in self.parts]

    def is_covered_by(self, names: Sequence[str]) -> bool:
        """Whether the patterns *names* match all of these packages."""
        return {f"tokenvend.{part}" for part in self.parts} <= {each.rstrip(".*") for each in names}


#: Each package with the tests that are about it: quicker than all tests, and they must suffice.
SUITES = (
    Suite(
        ROOT / "build" / "mutants" / "domain",
        ("domain",),
        ("tests/unit/domain", "tests/unit/vending", "tests/unit/consent", "tests/configuration"),
    ),
    Suite(
        ROOT / "build" / "mutants" / "vending",
        ("vending",),
        ("tests/unit/vending", "tests/configuration"),
    ),
    Suite(
        ROOT / "build" / "mutants" / "consent",
        ("consent", "refresh_tokens", "schedules"),
        ("tests/unit/consent", "tests/unit/vending", "tests/configuration"),
    ),
    Suite(
        ROOT / "build" / "mutants" / "entries",
        ("entries",),
        ("tests/unit/entries", "tests/functions"),
    ),
    Suite(
        ROOT / "build" / "mutants" / "adapters",
        ("adapters",),
        ("tests/adapters",),
        needs_aws=True,
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Run mutmut on the copies, write what survived, and compare it with what is accepted.

    The exit code is also 1 if mutmut could not work, because a test fails without any change.
    """
    names = [each for each in arguments if each != "--survivors"]
    found: list[Mutant] = []
    for suite in SUITES:
        wanted = [name for name in names if suite.concerns(name)]
        if names and not wanted:
            continue
        # mutmut tries again whatever it is given by name, and goes on only without names.
        tried = [] if suite.is_covered_by(wanted) else wanted
        if not _run(suite, tried, only_survivors="--survivors" in arguments):
            return 1
        found += matching(read_mutants(suite.copy), wanted)
    return _report(found, is_whole=not names)


def stage(suite: Suite) -> None:
    """Update the copy of the project. Unchanged files keep their times, so that mutmut resumes."""
    copy = suite.copy
    copy.mkdir(parents=True, exist_ok=True)
    _copy(_LIBRARY, copy / "src" / "tokenvend")
    for name in _READ:
        _copy(ROOT / name, copy / name)
        # mutmut copies these once more, and keeps a file there that has gone here.
        _prune(ROOT / name, copy / "mutants" / name)
    shutil.copy2(ROOT / _TEMPLATE, copy / _TEMPLATE)
    settings = _SETTINGS.format(
        only=_listed(f"src/tokenvend/{part}/*" for part in suite.parts),
        read=_listed([*_READ, _TEMPLATE]),
        options=_listed(_OPTIONS),
        tests=_listed(suite.tests),
    )
    (copy / "pyproject.toml").write_text(settings, encoding="utf-8")


def _run(suite: Suite, names: Sequence[str], *, only_survivors: bool) -> bool:
    stage(suite)
    before = survivors(matching(read_mutants(suite.copy), names))
    with _environment(suite) as environ:
        if not only_survivors and not _mutmut(suite, names, environ):
            return False
        if names and not only_survivors:
            return True
        known = {each.name for each in read_mutants(suite.copy)}
        again = [each.name for each in before if each.name in known]
        return not again or _mutmut(suite, again, environ)


def _mutmut(suite: Suite, names: Sequence[str], environ: Mapping[str, str]) -> bool:
    command = [str(_MUTMUT), "run", *names]
    return subprocess.run(command, cwd=suite.copy, env=environ, check=False).returncode == 0


def _report(found: Sequence[Mutant], *, is_whole: bool) -> int:
    accepted = read_accepted(ACCEPTED.read_text("utf-8"))
    alive = survivors(found)
    new = [each for each in alive if each.change not in accepted]
    REPORT.write_text("".join(f"{each.change}\n" for each in new), encoding="utf-8")
    print(f"\n{table(found)}\n")
    print(f"{len(alive) - len(new)} of those that survived are accepted.")
    if is_whole:
        for gone in sorted(accepted - {each.change for each in alive}):
            print(f"Accepted, but noticed or gone: {gone}")
    print(f"{len(new)} are not; they are in {REPORT.relative_to(ROOT)}")
    return 1 if new else 0


@contextmanager
def _environment(suite: Suite) -> Iterator[Mapping[str, str]]:
    environ = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(_PLUGINS),
        "HYPOTHESIS_PROFILE": "few",
    }
    if not suite.needs_aws:
        yield environ
        return
    # Imported here: the domain's tests need no local AWS, nor its packages.
    from tokenvend_local import local_aws

    # The tests' clients use credentials that IAM does not know.
    with local_aws.running(suite.copy / "aws", variables={"AUTH": "false"}) as endpoint:
        yield {**environ, "TOKENVEND_TEST_ENDPOINT_URL": endpoint}


def _copy(source: Path, target: Path) -> None:
    _prune(source, target)
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=_LEFT_OUT)


def _prune(source: Path, target: Path) -> None:
    """Delete the files of *target* that *source* does not have."""
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for path in target.rglob("*") if target.is_dir() else ():
        if path.is_file() and path.relative_to(target) not in wanted:
            path.unlink()


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
