"""`python -m fuzzing [--seconds N] [--seed N] [TARGET …]`: what `make fuzz` runs."""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.table import Table
from scripts.envs import ROOT

from fuzzing.run import FOLDER, MEMORY_MB, SLOWEST_SECONDS, Fuzzed, fuzz
from fuzzing.targets import TARGETS

TABLE = ROOT / "build" / "fuzz.json"
DEFAULT_SECONDS = 120
_AT_ONCE = 2


def main(arguments: Sequence[str]) -> int:
    """Fuzz the targets; 1 if anything was found."""
    options = _parser().parse_args(arguments)
    names = options.targets or [*TARGETS]
    at_once = min(_AT_ONCE, len(names))
    share = max(1, options.seconds * at_once // len(names))
    print(f"Targets: {len(names)}, {share} s each, {at_once} at once; seed {options.seed}.")
    with ThreadPoolExecutor(at_once) as pool:
        runs = [
            pool.submit(fuzz, TARGETS[name], seconds=share, seed=options.seed) for name in names
        ]
        for run in runs:
            fuzzed = run.result()
            print(f"  {fuzzed.target}: {fuzzed.inputs} inputs", flush=True)
    found = [run.result() for run in runs]
    _write(found, share, options.seed)
    _show(found)
    return 1 if any(each.finding for each in found) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make fuzz FUZZ_ARGS=…", description=main.__doc__)
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", choices=[*TARGETS, []], help=", ".join(TARGETS)
    )
    parser.add_argument("--seconds", type=int, default=DEFAULT_SECONDS, help="in all")
    parser.add_argument("--seed", type=int, default=1, help="another number, other inputs")
    return parser


def _write(found: Sequence[Fuzzed], share: int, seed: int) -> None:
    document = {
        "seconds_each": share,
        "seed": seed,
        "slowest_seconds": SLOWEST_SECONDS,
        "memory_mb": MEMORY_MB,
        "targets": [each.to_dict() for each in found],
    }
    TABLE.write_text(json.dumps(document, indent=2) + "\n")


def _show(found: Sequence[Fuzzed]) -> None:
    table = Table("target", "inputs", "branches", "outcomes", "found", box=None)
    for each in found:
        numbers = (str(each.inputs), str(each.coverage), str(len(each.outcomes)))
        table.add_row(each.target, *numbers, each.finding or "nothing")
    out = Console(soft_wrap=True)
    out.print(table)
    out.print(
        f"{TABLE.relative_to(ROOT)} has the same with each outcome counted: branches of tokenvend"
        " that were taken, what came of the inputs, and the file that shows a finding again"
        f" ({FOLDER.relative_to(ROOT)}/TARGET); docs/fuzzing.md says how.",
        style="dim",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
