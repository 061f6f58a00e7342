"""`make bench`: print every comparison and write build/bench.json."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import size, startup, warm
from benchmarks.measure import OUTPUT
from benchmarks.stage import stage
from tokenvend_local.progress import told


def main() -> None:
    """Measure, print, write."""
    with told("Answering from memory"):
        rows = [*warm.rows()]
    with stage() as built:
        with told("Starting up, whole processes in turn"):
            rows += startup.rows(built)
        with told("Weighing one environment of each function"):
            rows += size.rows(built)
    table = Table("what", "ours", "baseline", "ratio", "goal", "against")
    for row in rows:
        colour = "green" if row.ratio <= row.goal else "red"
        table.add_row(
            row.name,
            f"{row.ours:.1f} {row.unit}",
            f"{row.baseline:.1f} {row.unit}",
            f"[{colour}]{row.ratio:.2f}[/]",
            f"≤ {row.goal}",
            row.baseline_name,
        )
    Console().print(table)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([row.to_dict() for row in rows], indent=2), encoding="utf-8")
    Console().print(
        f"Written to {OUTPUT.relative_to(Path.cwd())}. A ratio under its goal is good;"
        " `make bench-check` fails where one is over it."
    )


if __name__ == "__main__":
    main()
