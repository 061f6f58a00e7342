"""Hundreds of customers at once: `secret import` against one `secret put` after another."""

import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

from tests.local_stack.harness import Harness

from benchmarks.measure import Row
from benchmarks.stage import Stage

_TENANTS = 300
_PUTS = 5
#: What users were promised on the local stack, and what it took one by one when it was.
_PROMISED_SECONDS, _ONE_BY_ONE_SECONDS = 30.0, 330.0
_GOAL = round(_PROMISED_SECONDS / _ONE_BY_ONE_SECONDS, 2)


def rows(stage: Stage) -> Iterator[Row]:
    """Seconds on the local stack. It applies another file, so it comes after all others."""
    folder = stage.folder / "onboarding"
    folder.mkdir(exist_ok=True)
    harness = Harness(stage.stack, folder, set())
    family = harness.name("partners")
    harness.family(family, [])
    harness.apply()
    puts = [_seconds(stage, _value(n), "put", f"{family}/first-{n}") for n in range(_PUTS)]
    lines = "\n".join(
        json.dumps({"name": family, "tenant": f"tenant-{number}", "fields": _value(number)})
        for number in range(_TENANTS)
    )
    imported = _seconds(stage, lines, "import")
    name = f"{_TENANTS} tenants by one secret import"
    yield Row(f"{name}, in all", imported, _PROMISED_SECONDS, "the bound", 1.0, "s")
    yield Row(
        name,
        imported,
        statistics.median(puts) * _TENANTS,
        f"one secret put after another, by the median of {_PUTS}",
        _GOAL,
        "s",
    )


def _value(number: int) -> Any:
    return {"client_id": f"client-{number}", "client_secret": f"{number:032}"}


def _seconds(stage: Stage, given: Any, *words: str) -> float:
    text = given if isinstance(given, str) else json.dumps(given)
    started = time.perf_counter()
    stage.stack.tokenvend("secret", *words, stdin=text)
    return time.perf_counter() - started
