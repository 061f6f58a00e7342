"""Waiting for somebody else's exchange, without trusting anybody's clock."""

from collections.abc import Callable
from datetime import timedelta
from random import random

from tokenvend.domain import bounds
from tokenvend.domain.lease import Lease, may_take_over
from tokenvend.ports import Clock

#: Lets a number of seconds pass; a parameter so that a simulation can interleave here.
type Pause = Callable[[Clock, float], None]

_FIRST_POLL_SECONDS = 0.02
_SLOWEST_POLL_SECONDS = 0.2
_LONGEST_FIRST_SLEEP_SECONDS = 2.0


def sleep(clock: Clock, seconds: float) -> None:
    """The ordinary `Pause`."""
    clock.sleep(seconds)


class LeaseWatch:
    """One request's watch over the lease of a key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._watched: str | None = None
        self._watched_since = self._started
        self._polls = 0

    def is_free(self, lease: Lease | None) -> bool:
        """Whether the lease may be ours to take: there is none, or its holder is gone."""
        if lease is None:
            return True
        if lease.lease_id != self._watched:
            self._watched, self._watched_since = lease.lease_id, self._clock.monotonic()
        stood = timedelta(seconds=self._clock.monotonic() - self._watched_since)
        return may_take_over(lease, now=self._clock.now(), unchanged_for=stood)

    def is_over(self) -> bool:
        """Whether this request has waited as long as it may."""
        waited = self._clock.monotonic() - self._started
        return waited >= bounds.LEASE_WAIT.total_seconds()

    def next_delay(self, lease: Lease | None) -> float:
        """Seconds until the next look: first when the holder expects to be done, then polls.

        The polls grow and are jittered, so that many waiters do not read in step.
        """
        self._polls += 1
        if self._polls == 1 and lease is not None:
            expected = (lease.expected_done_at - self._clock.now()).total_seconds()
            return min(max(expected, _FIRST_POLL_SECONDS), _LONGEST_FIRST_SLEEP_SECONDS)
        grown = min(_FIRST_POLL_SECONDS * 1.5**self._polls, _SLOWEST_POLL_SECONDS)
        return grown * (0.5 + random() / 2)  # noqa: S311 - spreads polls, guards nothing
