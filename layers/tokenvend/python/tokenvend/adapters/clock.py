"""Real time, corrected by AWS's own where the machine's clock is wrong."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tokenvend.domain import bounds


def machine_now() -> datetime:
    """The instant by the machine's wall clock."""
    return datetime.now(UTC)


class SystemClock:
    """The machine's clocks; *wall* is the one that may be wrong.

    Tokens of one environment are judged by another, so all must agree on the time. Each answer
    of DynamoDB carries AWS's time; a clock that is further from it than
    `bounds.CLOCK_TOLERANCE` is corrected by the difference. The header has whole seconds, so a
    clock that is right is left alone.
    """

    def __init__(self, wall: Callable[[], datetime] = machine_now) -> None:
        self._wall = wall
        self._correction = timedelta(0)

    def now(self) -> datetime:
        """The instant, in UTC."""
        return self._wall() + self._correction

    def monotonic(self) -> float:
        """Seconds that only move on."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        time.sleep(seconds)

    def learn(self, aws_now: datetime) -> None:
        """Take the time that AWS said a moment ago."""
        ahead = self._wall() - aws_now
        is_right = abs(ahead) <= bounds.CLOCK_TOLERANCE
        self._correction = timedelta(0) if is_right else -ahead
