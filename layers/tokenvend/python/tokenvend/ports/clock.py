"""Port for the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. `now` may be wrong by minutes; `monotonic` never goes back."""

    def now(self) -> datetime:
        """Return the current time: a timezone-aware `datetime` in UTC."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start, which differs in each environment."""

    def sleep(self, seconds: float) -> None:
        """Block for *seconds*."""
