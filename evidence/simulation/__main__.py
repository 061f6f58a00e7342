"""`make simulate`: run every simulation, write the result and the plots, and say how it went."""

import json
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from simulation.plots import draw
from simulation.progress import Lines
from simulation.report import WHOLE, simulate

OUTPUT = Path("build/simulation.json")
PLOTS = Path("build/simulation")
_SEED = 20_260_301
#: The month takes about as long as all the rest.
_AT_ONCE = 2


def main() -> None:
    """Run the whole size."""
    started = time.monotonic()
    with ProcessPoolExecutor(_AT_ONCE, mp_context=get_context("spawn")) as pool:
        result = simulate(WHOLE, seed=_SEED, progress=Lines(), pool=pool)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(result, indent=1) + "\n")
    drawn = draw(result, PLOTS)
    sys.stdout.write("\n" + summary(result))
    sys.stdout.write(f"\n{OUTPUT} and {len(drawn)} plots in {PLOTS}, ")
    sys.stdout.write(f"after {time.monotonic() - started:.0f} s. How to read them: ")
    sys.stdout.write("docs/simulation.md\n")


def summary(result: Mapping[str, Any]) -> str:
    """The month in a few lines."""
    made, waits = result["exchanges"], result["waits_after_first"]
    ratio, one = result["ratio"], result["ratio_to_one_per_lifetime"]
    rows = [
        f"{result['environments']:,} environments, {result['days']:g} days",
        f"{result['requests']:,} requests, {result['requests_refused']} of them refused",
        f"{made:,} exchanges: {ratio} of the least possible, {one} of one for each lifetime",
        f"{waits} requests waited after the first",
    ]
    rows += [
        f"  lifetime {lifetime:>5} s: {row['exchanges']:,} exchanges, ratio {row['ratio']}"
        for lifetime, row in result["by_lifetime"].items()
    ]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
