"""Limit each caller's requests a minute within one environment."""

from datetime import datetime

from tokenvend.domain import bounds
from tokenvend.domain.errors import TooManyRequestsError
from tokenvend.domain.registry import Caller


class RateLimit:
    """Counts the requests of each caller in the current minute of the clock.

    Each environment counts by itself and writes nothing. So a caller can reach at most its limit
    times the function's reserved concurrency.
    """

    def __init__(self) -> None:
        self._minute = -1
        self._counts: dict[str, int] = {}

    def check(self, caller: Caller, now: datetime) -> None:
        """Count one request of *caller*.

        Raises:
            TooManyRequestsError: the caller exceeds its limit for this minute.
        """
        if caller.requests_per_minute is None:
            return
        minute = int(now.timestamp() // 60)
        if minute != self._minute or len(self._counts) > bounds.MEMORY_ENTRIES:
            self._minute, self._counts = minute, {}
        count = self._counts.get(caller.name, 0) + 1
        self._counts[caller.name] = count
        if count > caller.requests_per_minute:
            raise over_limit(caller, retry_after_seconds=60 - int(now.timestamp() % 60))


def over_limit(caller: Caller, *, retry_after_seconds: int) -> TooManyRequestsError:
    """Return the refusal of a request of *caller* beyond its `requests_per_minute`."""
    return TooManyRequestsError(
        f"This caller's limit is {caller.requests_per_minute} requests a minute.",
        rule="caller.requests_per_minute",
        retry_after_seconds=retry_after_seconds,
        caller=caller.name,
    )
