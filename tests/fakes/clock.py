"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta
from threading import Lock

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """`ports.Clock` whose time passes only by `sleep` and `advance`."""

    def __init__(self, now: datetime = START) -> None:
        self._lock = Lock()
        self.started = now
        self._now = now
        self._monotonic = 1_000.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        with self._lock:
            self.slept.append(seconds)
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Let time pass for both clocks."""
        if by < timedelta(0):
            raise ValueError("time passes forwards; use set_wall for a wall clock that jumps")
        with self._lock:
            self._now += by
            self._monotonic += by.total_seconds()

    def set_wall(self, now: datetime) -> None:
        """Set the wall clock right or wrong; no time passes."""
        with self._lock:
            self._now = now
