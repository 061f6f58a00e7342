"""Which searches are made, and which broken variants each model must catch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tokenvend.domain import bounds

HERE = Path(__file__).parent
#: One step of the models' time. Long enough that a lease is two: half of the states are waiting.
TICK = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class Search:
    """One exhaustive search. `forever`: requests come again and again, and progress is shown."""

    model: str
    promise: str
    requests: int
    mischief: int
    forever: bool = False
    broken: str | None = None
    bounds: Mapping[str, int] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The model."""
        return HERE / f"{self.model}.pml"

    @property
    def definitions(self) -> dict[str, int]:
        """What the model is told."""
        output = {"REQUESTS": self.requests, "MISCHIEF": self.mischief, **self.bounds}
        if self.forever:
            output["FOREVER"] = 1
        if self.broken is not None:
            output[self.broken] = 1
        return output


def ticks_of_the_lease() -> dict[str, int]:
    """The bounds that the lease rests on, in ticks, each rounded to the side that is worse."""
    return {
        "LEASE": _at_least(bounds.LEASE),
        "LEASE_WAIT": bounds.LEASE_WAIT // TICK,
        "EXCHANGE_NEEDS": _at_least(bounds.EXCHANGE_NEEDS),
        "ANSWER_NEEDS": _at_least(bounds.ANSWER_NEEDS),
        "FUNCTION_TIMEOUT": bounds.FUNCTION_TIMEOUT // TICK,
        "CLOCK_SKEW": bounds.CLOCK_SKEW // TICK,
        # The Date header has whole seconds.
        "CLOCK_TOLERANCE": _at_least(bounds.CLOCK_TOLERANCE + timedelta(seconds=1)),
    }


def searches() -> tuple[Search, ...]:
    """What `make model` shows."""
    ticks = ticks_of_the_lease()
    return (
        Search("lease", "one exchange at a time, nobody hangs", 2, 3, bounds=ticks),
        Search("lease", "the same among three", 3, 1, bounds=ticks),
        Search("lease", "a token again after any crash", 2, 1, forever=True, bounds=ticks),
        Search("journal", "no refresh token lost, raced or spent twice", 2, 4),
        Search("journal", "the same among three", 3, 2),
    )


def broken_searches() -> tuple[Search, ...]:
    """Each model with one thing taken away: a search that must find what that breaks."""
    lease = ticks_of_the_lease()
    return (
        *(
            Search("lease", "caught", 3, 1, broken=variant, bounds=lease)
            for variant in variants_of("lease")
        ),
        *(Search("journal", "caught", 3, 3, broken=variant) for variant in variants_of("journal")),
    )


def variants_of(model: str) -> list[str]:
    """The broken variants that a model's text has."""
    text = (HERE / f"{model}.pml").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"#ifn?def (BROKEN_\w+)", text)))


def _at_least(length: timedelta) -> int:
    return -(-length // TICK)
