"""Timing that a noisy machine cannot fool: both sides in turn, the median of many rounds."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

#: A list of `{name, ours, baseline, baseline_name, ratio, goal, unit}`.
OUTPUT = Path(__file__).parents[1] / "build" / "bench.json"
_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `ratio` is ours to the baseline; `goal` is what it should stay under."""

    name: str
    ours: float
    baseline: float
    baseline_name: str
    goal: float
    unit: str

    @property
    def ratio(self) -> float:
        """Ours to the baseline."""
        return self.ours / self.baseline

    def to_dict(self) -> dict[str, object]:
        """The row for a program to read."""
        return asdict(self) | {"ratio": round(self.ratio, 3)}


def side_by_side(
    ours: Callable[[], object], baseline: Callable[[], object], *, calls: int
) -> tuple[float, float]:
    """Microseconds for one call of each: the two take turns, so drift meets both alike."""
    for warm_up in (ours, baseline):
        _round(warm_up, calls)
    rounds = [(_round(ours, calls), _round(baseline, calls)) for _ in range(_ROUNDS)]
    return (
        statistics.median(mine for mine, _ in rounds),
        statistics.median(theirs for _, theirs in rounds),
    )


def _round(call: Callable[[], object], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls * 1e6
