"""`python -m load [--seconds N] [--callers N] [--seed N]`: what `make load` runs."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.local_stack.harness import Harness

from load import report
from load.driver import Run, drive
from load.judge import judge
from load.scenario import LoadScenario
from tokenvend_local import places
from tokenvend_local.errors import LocalStackError
from tokenvend_local.progress import step_shown
from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import LocalStack, local_stack
from tokenvend_local.table import console

TABLE = places.BUILD / "load.json"
DEFAULT_SECONDS, DEFAULT_CALLERS = 120.0, 8
MEMORY_SECONDS = 2


def main(arguments: Sequence[str]) -> int:
    """Put load on a local stack of its own; 1 if anything did not hold."""
    options = _parser().parse_args(arguments)
    # Requests to our own loopback ports must not go through the user's proxy.
    os.environ.update(dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"))
    parameters = {"MemorySeconds": str(MEMORY_SECONDS)}
    try:
        with (
            local_stack(FOLDER / "load", step=step_shown, parameters=parameters) as stack,
            tempfile.TemporaryDirectory() as folder,
        ):
            return _load(stack, Path(folder), options)
    except LocalStackError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make load LOAD_ARGS=…", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS)
    parser.add_argument("--callers", type=int, default=DEFAULT_CALLERS, help="at once")
    parser.add_argument("--seed", type=int, default=1, help="another number, another order")
    return parser


def _load(stack: LocalStack, folder: Path, options: argparse.Namespace) -> int:
    with step_shown("Applying callers, credentials and grants"):
        secrets: set[str] = set()
        scenario = LoadScenario(stack, Harness(stack, folder, secrets))
    run = drive(
        scenario,
        seconds=options.seconds,
        callers=options.callers,
        memory_seconds=MEMORY_SECONDS,
        seed=options.seed,
        tell=lambda text: print(f"  {text}", flush=True),
    )
    found = _written(scenario, run, leaks(stack, secrets))
    out = console()
    report.show(out, found)
    out.print(
        f"{TABLE.relative_to(places.ROOT)} has the same and more. Latencies are ratios to the"
        " median of this run's bare call over the same way in; docs/load.md says how to read it.",
        style="dim",
    )
    return 1 if any(found["broken"].values()) else 0


def _written(scenario: LoadScenario, run: Run, leaked: Sequence[str]) -> dict[str, Any]:
    broken = judge(run) | {"no log holds a secret or a token": list(leaked)}
    lifetimes = {each.client_id: each.lifetime_seconds for each in scenario.clients.values()}
    found = report.document(run, lifetimes, broken)
    TABLE.write_text(json.dumps(found, indent=2) + "\n")
    return found


def leaks(stack: LocalStack, secrets: set[str]) -> list[str]:
    """The logs of *stack* that hold what no log may hold, without what it is."""
    values = secrets | set(stack.provider.secret_values())
    logs = stack.logs()
    return [f"one of {len(values)} values" for value in values if value in logs]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
