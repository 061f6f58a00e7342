"""How often one caller may ask, counted in this environment."""

from datetime import datetime

from tokenvend.domain import bounds
from tokenvend.domain.errors import TooManyRequestsError
from tokenvend.domain.registry import Caller


class RateLimit:
    """Requests per caller in the running minute of the clock.

    Each environment counts for itself, without a write: the most that a caller can reach is
    its limit times the function's reserved concurrency.
    """

    def __init__(self) -> None:
        self._minute = -1
        self._counts: dict[str, int] = {}

    def check(self, caller: Caller, now: datetime) -> None:
        """Count one request of *caller*.

        Raises:
            TooManyRequestsError: it is one too many for this minute.
        """
        if caller.requests_per_minute is None:
            return
        minute = int(now.timestamp() // 60)
        if minute != self._minute or len(self._counts) > bounds.MEMORY_ENTRIES:
            self._minute, self._counts = minute, {}
        count = self._counts.get(caller.name, 0) + 1
        self._counts[caller.name] = count
        if count > caller.requests_per_minute:
            raise TooManyRequestsError(
                f"This caller's limit is {caller.requests_per_minute} requests a minute.",
                rule="caller.requests_per_minute",
                retry_after_seconds=60 - int(now.timestamp() % 60),
                caller=caller.name,
            )
