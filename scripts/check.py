"""`make check`: run every check that reads the code without running it.

Every check runs, even after one has failed, and prints what it found. Names on the command line
run only those checks.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from scripts.envs import ENVIRONMENTS, ROOT

BIN = ENVIRONMENTS["dev"].path / "bin"
SAM = ENVIRONMENTS["sam"].path / "bin" / "sam"
CHECKOV = ENVIRONMENTS["checkov"].path / "bin" / "checkov"
PYTHON = str(BIN / "python")
#: The folders that may have Python code; one that does not exist is left out.
CODE = (
    *("layers/tokenvend/python", "cli", "tools", "functions", "scripts"),
    *("tests", "benchmarks", "evidence", "examples/src"),
)
#: The client library, which is installed without the service.
CLIENT = "clients/python/src"
#: How many checks run at once: most use one core, and every machine has two.
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Check:
    """One command, and what it ensures."""

    name: str
    promise: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """How a check ended, and after how many seconds."""

    check: Check
    passed: bool
    seconds: float
    output: str


def checks() -> tuple[Check, ...]:
    """Return every check, the slow ones first."""
    folders = [folder for folder in CODE if (ROOT / folder).is_dir()]
    examples = sorted((ROOT / "examples").glob("*/template.yaml"))
    templates = ["template.yaml", *(str(path.relative_to(ROOT)) for path in examples)]
    return (
        Check(
            "regions",
            "the expanded template in four Regions, by what deployments were refused for",
            (PYTHON, "-m", "scripts.validate"),
        ),
        Check("types", "mypy, strict", (str(BIN / "mypy"), *folders)),
        Check(
            "client-types",
            "mypy, strict, on the oldest Python that the client library runs on",
            (
                *(str(BIN / "mypy"), "--python-version", "3.10"),
                *("--cache-dir", ".mypy_cache/client", CLIENT),
            ),
        ),
        Check(
            "policies",
            "checkov finds nothing in the template that is not explained",
            (
                *(str(CHECKOV), "-f", "template.yaml", "--framework", "cloudformation"),
                *("--skip-download", "--compact", "--quiet"),
            ),
        ),
        Check("template", "sam validate", (str(SAM), "validate", "--lint")),
        Check("cfn-lint", "cfn-lint on the templates", (str(BIN / "cfn-lint"), *templates)),
        Check("lint", "ruff check", (str(BIN / "ruff"), "check", ".")),
        Check("format", "ruff format", (str(BIN / "ruff"), "format", "--check", ".")),
        Check("imports", "dependencies point inward", (str(BIN / "lint-imports"),)),
        Check(
            "locks", "what is pinned is what is asked for", (PYTHON, "-m", "scripts.locks", "check")
        ),
        Check("words", "no page and no name has a retired word", (PYTHON, "-m", "scripts.words")),
        Check(
            "lengths",
            "no module over 250 lines comes in anew",
            (PYTHON, "-m", "scripts.module_lengths"),
        ),
        Check("content", "nothing that must not be committed", (PYTHON, "-m", "scripts.forbidden")),
    )


def run(check: Check) -> CheckOutcome:
    """Run one check, and capture its output, which is printed if it fails."""
    # An endpoint or region of the user's must not change what a lint says, nor may sam
    # report home.
    environ = {
        **os.environ,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "LOG_LEVEL": "WARNING",
    }
    started = time.monotonic()
    done = subprocess.run(
        check.command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - started
    return CheckOutcome(check, done.returncode == 0, seconds, done.stdout + done.stderr)


def main(names: Sequence[str]) -> int:
    """Run the named checks, or all of them; return 1 if one failed."""
    chosen = [check for check in checks() if not names or check.name in names]
    failed = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in as_completed([pool.submit(run, check) for check in chosen]):
            outcome = future.result()
            word = "ok    " if outcome.passed else "FAILED"
            check = outcome.check
            print(f"{word} {check.name:<12} {outcome.seconds:5.1f} s  {check.promise}", flush=True)
            if not outcome.passed:
                failed.append(outcome)
    for outcome in failed:
        print(f"\n── {outcome.check.name}\n{outcome.output.strip()}")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
