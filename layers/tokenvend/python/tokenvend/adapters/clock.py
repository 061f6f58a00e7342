"""The system clock, corrected by AWS's time where the machine's clock is wrong."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tokenvend.domain import bounds


def machine_now() -> datetime:
    """Return the time of the machine's wall clock, in UTC."""
    return datetime.now(UTC)


class SystemClock:
    """`ports.Clock` on the machine's clocks; *wall* is the wall clock, which may be wrong.

    One environment judges the expiry of tokens that another stored, so all must agree on the time.
    Each answer of DynamoDB has AWS's time; a clock that differs from it by more than
    `bounds.CLOCK_TOLERANCE` is corrected by the difference. The tolerance is needed because the
    header has whole seconds only.
    """

    def __init__(self, wall: Callable[[], datetime] = machine_now) -> None:
        self._wall = wall
        self._correction = timedelta(0)

    def now(self) -> datetime:
        """Return the corrected time, in UTC."""
        return self._wall() + self._correction

    def monotonic(self) -> float:
        """See `ports.Clock`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See `ports.Clock`."""
        time.sleep(seconds)

    def learn(self, aws_now: datetime) -> None:
        """Correct this clock by *aws_now*, the time in an AWS answer that just arrived."""
        ahead = self._wall() - aws_now
        is_right = abs(ahead) <= bounds.CLOCK_TOLERANCE
        self._correction = timedelta(0) if is_right else -ahead
