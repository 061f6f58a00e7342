"""A cached token, with the instants at which it becomes stale and at which it ends."""

import random
from enum import Enum
from typing import NamedTuple

from tokenvend_client.clock import Instant
from tokenvend_client.token import Token

#: A token is stale for the last share of the time that it had left on arrival. The share is
#: random between these two, so that processes started together do not fetch together.
STALE_SHARE_LEAST, STALE_SHARE_MOST = 0.10, 0.15
#: If a reported token is answered again, the next one is requested after this many seconds.
AGAIN_AFTER_REPORT = 5.0


class Freshness(Enum):
    """The state of a token in its lifetime."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


class CachedToken(NamedTuple):
    """A token, the instant from which one caller fetches the next, and its end."""

    token: Token
    stale_at: Instant
    ends_at: Instant

    def freshness(self, now: Instant, min_ttl_seconds: float = 0) -> Freshness:
        """Return the token's state at *now*, for work that takes *min_ttl_seconds*."""
        left = now.seconds_until(self.ends_at)
        if left <= 0 or left < min_ttl_seconds:
            return Freshness.EXPIRED
        return Freshness.FRESH if now.seconds_until(self.stale_at) > 0 else Freshness.STALE


def cached_token(token: Token, *, requested_at: Instant, expires_in: float) -> CachedToken:
    """Make a cached token; `expires_in` counts from the instant before the request."""
    share = random.uniform(STALE_SHARE_LEAST, STALE_SHARE_MOST)  # noqa: S311
    return CachedToken(
        token,
        stale_at=requested_at.after(expires_in * (1 - share)),
        ends_at=requested_at.after(expires_in),
    )


def stale_soon(cached: CachedToken, *, now: Instant) -> CachedToken:
    """Make a cached token of one that was reported and answered again: it becomes stale soon."""
    soon = now.after(min(AGAIN_AFTER_REPORT, max(now.seconds_until(cached.stale_at), 0)))
    return cached._replace(stale_at=soon)


def ending_by(cached: CachedToken, ends_at: float, *, now: Instant) -> CachedToken:
    """Return *cached*, shortened to end at *ends_at* (seconds since 1970) at the latest."""
    end = now.after(ends_at - now.wall)
    if now.seconds_until(end) >= now.seconds_until(cached.ends_at):
        return cached
    return cached._replace(stale_at=min(cached.stale_at, end), ends_at=end)
