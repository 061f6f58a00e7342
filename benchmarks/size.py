"""What an environment weighs: memory at its peak, and the layer on disk."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Row
from benchmarks.stage import VENDING, Stage, built_layer
from tokenvend_local.processes import Process

_MB = 1024 * 1024
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_HITS = 500


def rows(stage: Stage) -> Iterator[Row]:
    """Sizes against their bounds; here the bound is the baseline, so the ratio's goal is 1."""
    memory = max(_peak_memory(stage, function) for function in VENDING)
    yield Row("peak memory of one environment", memory, 110.0, "the bound", 1.0, "MB")
    size = sum(path.stat().st_size for path in built_layer().rglob("*") if path.is_file()) / _MB
    yield Row("the built layer, unpacked", size, 40.0, "the bound", 1.0, "MB")


def _peak_memory(stage: Stage, function: str) -> float:
    """Megabytes at the peak of a real environment that has exchanged, stored, and answered.

    No token is in the table at first, so that it has loaded all that a miss needs.
    """
    stage.forget_tokens()
    with stage.environment(function) as environment:
        event = stage.event(function)
        _expect("provider", environment.invoke(event))
        for _ in range(_HITS):
            _expect("memory", environment.invoke(event))
        return _peak_of_child(environment.process)


def _expect(source: str, answer: Any) -> None:
    document = json.loads(answer["body"]) if "body" in answer else answer
    if document.get("source") != source:
        raise RuntimeError(f"an answer from {source} was expected: {document.get('error')}")


def _peak_of_child(emulator_process: Process) -> float:
    """The emulator is no part of an environment: its one child is."""
    tasks = Path(f"/proc/{emulator_process.pid}/task")
    children = [pid for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
    (child,) = children
    match = _PEAK.search(Path(f"/proc/{child}/status").read_text())
    if match is None:
        raise RuntimeError("peak memory is only known on Linux")
    return int(match[1]) / 1024
