"""`make model`: search the lease and the journal to the end, and print what was found."""

import sys
import time

from models.catalogue import Search, broken_searches, searches
from models.spin import SpinError, run

_ROW = "{:<8} {:<45} {:>8} {:>7} {:>10} {:>7} {:>6}"


def main() -> int:
    """Every search, then every broken variant; 1 if one is not as it must be."""
    print(_ROW.format("model", "promise", "requests", "faults", "states", "errors", "s"))
    try:
        wrong = sum([_show_search(search) for search in searches()])
        print("\nWith one thing taken away, each must be caught:")
        wrong += sum([_show_broken(search) for search in broken_searches()])
    except SpinError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if wrong else 0


def _show_search(search: Search) -> bool:
    started = time.monotonic()
    found = run(search)
    seconds = f"{time.monotonic() - started:.1f}"
    cells = (search.model, search.promise, search.requests, search.mischief)
    print(_ROW.format(*cells, found.states, found.errors, seconds), flush=True)
    if found.violation:
        print(f"         {found.violation}")
    return found.errors > 0


def _show_broken(search: Search) -> bool:
    found = run(search)
    name = (search.broken or "").removeprefix("BROKEN_").replace("_", " ").lower()
    verdict = "caught" if found.errors else "NOT CAUGHT"
    print(f"{search.model:<8} {name:<45} {verdict}", flush=True)
    return found.errors == 0


if __name__ == "__main__":
    sys.exit(main())
