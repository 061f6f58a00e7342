"""`make bench-check`: fail if what `make bench` measured last is beyond a goal."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import OUTPUT


def beyond(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What is over its goal, one line each."""
    return [
        f"{row['name']}: {row['ratio']:.2f} times {row['baseline_name']};"
        f" the goal is {row['goal']} at most"
        for row in rows
        if row["ratio"] > row["goal"]
    ]


def main(path: Path = OUTPUT) -> int:
    """Print what is beyond its goal; 1 if anything is, 2 if nothing was measured."""
    if not path.is_file():
        print(f"{path.name} is not there: run `make bench` first.", file=sys.stderr)
        return 2
    rows = json.loads(path.read_text(encoding="utf-8"))
    found = beyond(rows)
    print("\n".join(found) or f"All {len(rows)} are within their goals.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
