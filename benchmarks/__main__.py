"""`make bench`: print every comparison and write build/bench.json."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import client, cost, onboarding, scale, size, startup, warm
from benchmarks.measure import OUTPUT
from benchmarks.stage import stage
from tokenvend_local.progress import step_shown

_NO_SERVICE = {"entry", "source", "total", "counted", "billed_ms", "log_bytes"}


def main() -> None:
    """Measure, print, write."""
    with step_shown("Answering from memory"):
        rows = [*warm.rows(), *client.rows()]
    with step_shown("Looking up among a million"):
        rows += scale.rows()
    with stage() as built:
        with step_shown("Starting up, whole processes in turn"):
            rows += startup.rows(built)
        with step_shown("Weighing one environment of each function"):
            rows += size.rows(built)
        with step_shown("Counting calls"):
            costs = cost.table(built)
        with step_shown("Onboarding hundreds of tenants"):
            rows += onboarding.rows(built)
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
    Console().print(_costs(costs))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([row.to_dict() for row in rows], indent=2), encoding="utf-8")
    Console().print(
        f"Written to {OUTPUT.relative_to(Path.cwd())}. A ratio under its goal is good;"
        " `make bench-check` fails where one is over it."
    )


def _costs(rows: Sequence[dict[str, Any]]) -> Table:
    """Dollars per million vends, by service."""
    services = [name for name in rows[0] if name not in _NO_SERVICE]
    table = Table("$ per million", "from", *services, "total")
    for row in rows:
        parts = [f"{row[service]:.2f}" for service in services]
        table.add_row(row["entry"], row["source"], *parts, f"{row['total']:.2f}")
    return table


if __name__ == "__main__":
    main()
