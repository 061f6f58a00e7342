"""What each partition of the tables bears, and what DynamoDB does when it is too much."""

from dataclasses import dataclass, field
from enum import StrEnum

from simulation.kernel import Kernel


class Kind(StrEnum):
    """The two budgets of a partition."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Limits:
    """Units that one partition serves in a second; DynamoDB's own, which no setting raises."""

    read: float = 3_000
    write: float = 1_000

    def of(self, kind: Kind) -> float:
        """The limit for *kind*."""
        return self.read if kind is Kind.READ else self.write


NO_LIMITS = Limits(read=float("inf"), write=float("inf"))


@dataclass(slots=True)
class Load:
    """One partition's load of one kind. A unit is one consistent read, or one write, of 4 KB."""

    second: int = -1
    in_second: float = 0.0
    peak: float = 0.0
    total: float = 0.0
    throttled: int = 0


@dataclass
class Meter:
    """Counts every unit, and refuses those beyond the limits."""

    kernel: Kernel
    limits: Limits = NO_LIMITS
    loads: dict[tuple[Kind, str], Load] = field(default_factory=dict)
    calls: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))

    def take(self, kind: Kind, partition: str, units: float) -> bool:
        """Spend *units* of *partition* in this second; `False`: it is throttled."""
        load = self.loads.setdefault((kind, partition), Load())
        second = int(self.kernel.now)
        if second != load.second:
            load.second, load.in_second = second, 0.0
        if load.in_second + units > self.limits.of(kind):
            load.throttled += 1
            return False
        load.in_second += units
        load.total += units
        load.peak = max(load.peak, load.in_second)
        return True

    def hottest(self, kind: Kind) -> tuple[str, Load]:
        """The partition with the highest second, and its load."""
        found = [(name, load) for (of, name), load in self.loads.items() if of is kind]
        return max(found, key=lambda pair: pair[1].peak, default=("none", Load()))

    def peak(self, kind: Kind, prefix: str) -> float:
        """The most units that one partition, of those whose name begins so, bore in a second."""
        peaks = [
            load.peak
            for (of, name), load in self.loads.items()
            if of is kind and name.startswith(prefix)
        ]
        return max(peaks, default=0.0)

    def throttled(self, kind: Kind) -> int:
        """How many units were refused."""
        return sum(load.throttled for (of, _), load in self.loads.items() if of is kind)
