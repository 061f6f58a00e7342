"""Time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time. `now` may be wrong by minutes; `monotonic` only ever moves on."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some instant of this environment's own."""

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
