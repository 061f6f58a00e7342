"""A caller's rate limit: a token bucket of permits that all environments share.

A bucket holds at most `burst` permits and gains one each `interval`. Its whole state is one
instant, `empty_at`: at *now* it holds one permit for each interval since then. Instants are whole
microseconds since 1970, so that environments add to the same number without rounding.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from tokenvend.domain import bounds
from tokenvend.domain.registry import Caller

_MICROSECONDS = 1_000_000
_MINUTE = 60 * _MICROSECONDS
#: An environment may draw permits ahead of their use only from a bucket fuller than this share.
_FULL_ENOUGH = 0.5
#: The most that one environment draws ahead, as a share of the permits above `_FULL_ENOUGH`.
_LENT_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Quota:
    """A caller's rate limit: `requests_per_minute`, and at most `burst` at once after a pause."""

    requests_per_minute: int
    burst: int

    @property
    def interval(self) -> int:
        """Microseconds from one permit to the next; rounded up, so the limit is never exceeded."""
        return -(-_MINUTE // self.requests_per_minute)

    def full_at(self, now: int) -> int:
        """The `empty_at` of a bucket that is full at *now*."""
        return now - self.burst * self.interval

    def is_full(self, empty_at: int | None, now: int) -> bool:
        """Whether the bucket is full.

        A bucket that was never used (`None`) is full. So is one whose `empty_at` is in the future
        by more than `bounds.CLOCK_SKEW`: no correct clock can have written it.
        """
        return empty_at is None or not self.full_at(now) <= empty_at <= latest_at(now)

    def level(self, empty_at: int | None, now: int) -> int:
        """How many permits the bucket holds."""
        if empty_at is None or self.is_full(empty_at, now):
            return self.burst
        return max(0, (now - empty_at) // self.interval)

    def wait(self, empty_at: int | None, now: int) -> int:
        """Microseconds until the bucket holds a permit."""
        if empty_at is None or self.is_full(empty_at, now):
            return 0
        return max(0, empty_at + self.interval - now)


@dataclass(slots=True)
class Batch:
    """The permits that an environment drew, and what it last knew of the bucket.

    `requests` counts the caller's requests since `drawn_at`, refused ones too. The environment
    draws nothing before `again_at`.
    """

    left: int
    size: int
    drawn_at: datetime
    ends_at: datetime
    empty_at: int | None
    again_at: datetime
    requests: int = 0


def quota_of(caller: Caller) -> Quota:
    """The quota of *caller*, which has `requests_per_minute`."""
    limit = caller.requests_per_minute or 1
    return Quota(limit, caller.burst or default_burst(limit))


def default_burst(requests_per_minute: int) -> int:
    """Return the burst of a quota that states none.

    A quarter of a minute's requests, but at least 10, or all of them if they are fewer than 10.
    """
    return max(requests_per_minute // 4, min(requests_per_minute, bounds.QUOTA_BURST_LEAST))


def batch_size(quota: Quota, *, level: int, per_second: float, former: int) -> int:
    """Return how many permits an environment draws at once.

    *level* is what the bucket holds, *per_second* the environment's requests a second since its
    last draw, and *former* the size of that draw. Permits for one second are nearly always used.
    More are drawn only from a bucket that is full enough, because those that are not used within
    `bounds.QUOTA_BATCH_HELD` are lost. A batch is at most twice *former*, so the first is one
    permit.
    """
    second = ceil(per_second)
    whole = ceil(per_second * bounds.QUOTA_BATCH_HELD.total_seconds())
    lent = int((level - quota.burst * _FULL_ENOUGH) * _LENT_SHARE)
    wanted = max(second, min(whole, lent))
    return max(1, min(wanted, 2 * former, level))


def latest_at(now: int) -> int:
    """Return the latest credible `empty_at` at *now*, with the allowance for clock skew."""
    return now + int(bounds.CLOCK_SKEW.total_seconds() * _MICROSECONDS)


def microseconds(now: datetime) -> int:
    """Return *now* in microseconds since 1970-01-01T00:00:00Z."""
    return int(now.timestamp() * _MICROSECONDS)
