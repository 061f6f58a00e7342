"""Real time, corrected by AWS's own where the machine's clock is wrong."""

import time
from datetime import UTC, datetime, timedelta

from tokenvend.domain import bounds


class SystemClock:
    """The machine's clocks.

    Tokens of one environment are judged by another, so all must agree on the time. Each answer
    of DynamoDB carries AWS's time; a clock that is further from it than
    `bounds.CLOCK_TOLERANCE` is corrected by the difference. The header has whole seconds, so a
    clock that is right is left alone.
    """

    def __init__(self) -> None:
        self._correction = timedelta(0)

    def now(self) -> datetime:
        """The instant, in UTC."""
        return datetime.now(UTC) + self._correction

    def monotonic(self) -> float:
        """Seconds that only move on."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        time.sleep(seconds)

    def learn(self, aws_now: datetime) -> None:
        """Take the time that AWS said a moment ago."""
        ahead = datetime.now(UTC) - aws_now
        is_right = abs(ahead) <= bounds.CLOCK_TOLERANCE
        self._correction = timedelta(0) if is_right else -ahead
