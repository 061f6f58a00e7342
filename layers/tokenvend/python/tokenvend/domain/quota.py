"""How often a caller may ask: one bucket of permits for all environments (a token bucket).

A bucket holds at most `burst` permits and gains one each `interval`. Its whole state is one
instant, `empty_at`: at *now* it holds one permit for each interval since then. Instants are in
microseconds since 1970, so that environments that add to one number agree on it.
"""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from tokenvend.domain import bounds
from tokenvend.domain.registry import Caller

_MICROSECONDS = 1_000_000
_MINUTE = 60 * _MICROSECONDS
#: A bucket that is fuller than this share lends permits ahead of their use.
_FULL_ENOUGH = 0.5
#: ... and at most this share of what is above it to one environment.
_LENT_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Quota:
    """A caller's pace: `requests_per_minute`, and so many at once after a pause (`burst`)."""

    requests_per_minute: int
    burst: int

    @property
    def interval(self) -> int:
        """Microseconds from one permit to the next; rounded up, so the pace is never exceeded."""
        return -(-_MINUTE // self.requests_per_minute)

    def full_at(self, now: int) -> int:
        """The `empty_at` of a bucket that is full at *now*."""
        return now - self.burst * self.interval

    def is_full(self, empty_at: int | None, now: int) -> bool:
        """Whether the bucket is full: also one that was never used (`None`).

        So is one with an `empty_at` that no clock of ours can have written.
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
    """Permits that an environment drew, and what it last knew of the bucket.

    `requests` counts those since then, refused ones too. Nothing is drawn before `again_at`.
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
    """A quarter of a minute's requests; at least 10, or all of them if they are fewer."""
    return max(requests_per_minute // 4, min(requests_per_minute, bounds.QUOTA_BURST_LEAST))


def batch_size(quota: Quota, *, level: int, per_second: float, former: int) -> int:
    """How many permits an environment draws at once, of *level* that the bucket holds.

    It was asked *per_second* since it last drew, and that was *former* permits. A second's permits
    are nearly always used. More are drawn only from a bucket that is full enough, because those
    that are not used within `bounds.QUOTA_BATCH_HELD` are lost. A batch at most doubles, so a first
    request draws one permit.
    """
    second = ceil(per_second)
    whole = ceil(per_second * bounds.QUOTA_BATCH_HELD.total_seconds())
    lent = int((level - quota.burst * _FULL_ENOUGH) * _LENT_SHARE)
    wanted = max(1, second, min(whole, lent))
    return max(1, min(wanted, 2 * former, level))


def latest_at(now: int) -> int:
    """The latest `empty_at` that is believed at *now*: clocks differ a little."""
    return now + int(bounds.CLOCK_SKEW.total_seconds() * _MICROSECONDS)


def microseconds(now: datetime) -> int:
    """*now* since 1970."""
    return int(now.timestamp() * _MICROSECONDS)
