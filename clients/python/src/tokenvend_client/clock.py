"""Measure time safely when the clock is set or the machine sleeps."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Instant(NamedTuple):
    """One instant by both clocks, in seconds.

    The monotonic clock cannot be set, but stands still while a machine sleeps or an environment
    is frozen; the wall clock goes on meanwhile, but can be set. A length of time is over
    as soon as either clock says so, so no token is used after its end.
    """

    monotonic: float
    wall: float

    def after(self, seconds: float) -> "Instant":
        """Return the instant *seconds* later.

        >>> Instant(1.0, 100.0).after(5)
        Instant(monotonic=6.0, wall=105.0)
        """
        return Instant(self.monotonic + seconds, self.wall + seconds)

    def seconds_until(self, later: "Instant") -> float:
        """Return the seconds left until *later*, by the clock that shows less.

        >>> Instant(1.0, 100.0).seconds_until(Instant(11.0, 105.0))
        5.0
        """
        return min(later.monotonic - self.monotonic, later.wall - self.wall)


@dataclass(frozen=True, slots=True)
class Clock:
    """Reads the time, and waits."""

    monotonic: Callable[[], float] = field(default=time.monotonic)
    wall: Callable[[], float] = field(default=time.time)
    sleep: Callable[[float], None] = field(default=time.sleep)

    def now(self) -> Instant:
        """Return the current instant."""
        return Instant(self.monotonic(), self.wall())
