"""How long to wait for another environment's exchange, and when its lease may be taken over.

The loop that waits is in `token_acquirer`. Another machine's clock is trusted up to the clock skew.
"""

from collections.abc import Callable
from datetime import timedelta
from random import random

from tokenvend.domain import bounds
from tokenvend.domain.lease import Lease, may_take_over
from tokenvend.ports import Clock, StoreThrottledError

#: Lets a number of seconds pass; a parameter so that a simulation can interleave here.
type Pause = Callable[[Clock, float], None]

_FIRST_POLL_SECONDS = 0.02
#: A waiter answers at most this and a read after the token is there. Five hundred of them read
#: less often than one partition serves.
_SLOWEST_POLL_SECONDS = 0.23
_LONGEST_FIRST_SLEEP_SECONDS = 2.0
_LONGEST_THROTTLED_SECONDS = 2.0


def sleep(clock: Clock, seconds: float) -> None:
    """Sleep on *clock*: the `Pause` outside of tests."""
    clock.sleep(seconds)


def retry_while_throttled[T](read: Callable[[], T], clock: Clock, *, until: float) -> T:
    """Return the answer of *read*, which is called again while the table throttles.

    The waits double and are jittered: thousands of requests that start at once then share what
    one partition serves. *until* is the last instant, in the clock's monotonic seconds.

    Raises:
        StoreAwayError: the table does not answer, or still throttles at *until*.
    """
    longest = _FIRST_POLL_SECONDS
    while True:
        try:
            return read()
        except StoreThrottledError:
            longest = min(longest * 2, _LONGEST_THROTTLED_SECONDS)
            if clock.monotonic() + longest > until:
                raise
            clock.sleep(longest * (0.5 + random() / 2))  # noqa: S311 - spreads, guards nothing


class LeaseWatch:
    """Watches the lease of a key for one request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._watched: str | None = None
        self._watched_since = self._started
        self._polls = 0

    def is_free(self, lease: Lease | None) -> bool:
        """Whether this request may take the lease: there is none, or its holder is gone."""
        if lease is None:
            return True
        if lease.lease_id != self._watched:
            self._watched, self._watched_since = lease.lease_id, self._clock.monotonic()
        stood = timedelta(seconds=self._clock.monotonic() - self._watched_since)
        return may_take_over(lease, now=self._clock.now(), unchanged_for=stood)

    def is_timed_out(self) -> bool:
        """Whether this request has waited for the longest time allowed."""
        return self._clock.monotonic() >= self.ends_at

    @property
    def ends_at(self) -> float:
        """When this request stops waiting, in monotonic seconds."""
        return self._started + bounds.LEASE_WAIT.total_seconds()

    def next_delay(self, lease: Lease | None) -> float:
        """Seconds until the next read: first until the holder expects to be done, then polls.

        Polls grow and are jittered, so that many waiters do not read at once.
        """
        self._polls += 1
        if self._polls == 1 and lease is not None:
            expected = (lease.expected_done_at - self._clock.now()).total_seconds()
            return min(max(expected, _FIRST_POLL_SECONDS), _LONGEST_FIRST_SLEEP_SECONDS)
        grown = min(1.5 * _FIRST_POLL_SECONDS * 2.0**self._polls, _SLOWEST_POLL_SECONDS)
        return grown * (0.75 + random() / 4)  # noqa: S311 - spreads polls, guards nothing
