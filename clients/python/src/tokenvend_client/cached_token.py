"""What the cache holds of one token: until when it is good, and from when it is stale."""

import random
from enum import Enum
from typing import NamedTuple

from tokenvend_client.clock import Instant
from tokenvend_client.token import Token

#: A token is stale for the last part of the time that it had left when it came. The share is
#: chosen by chance between these two, so that processes started together do not ask together.
STALE_SHARE_LEAST, STALE_SHARE_MOST = 0.10, 0.15
#: A token that came again after a report of it is asked for again after this many seconds.
AGAIN_AFTER_REPORT = 5.0


class Freshness(Enum):
    """Where a token is in its life."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"


class CachedToken(NamedTuple):
    """A token, the instant from which one caller asks for the next, and its end."""

    token: Token
    stale_at: Instant
    ends_at: Instant

    def freshness(self, now: Instant, min_ttl_seconds: float = 0) -> Freshness:
        """Where the token is in its life at *now*, for work that takes *min_ttl_seconds*."""
        left = now.seconds_until(self.ends_at)
        if left <= 0 or left < min_ttl_seconds:
            return Freshness.EXPIRED
        return Freshness.FRESH if now.seconds_until(self.stale_at) > 0 else Freshness.STALE


def cached_token(token: Token, *, requested_at: Instant, expires_in: float) -> CachedToken:
    """Cache *token*, whose `expires_in` counts from the instant before it was asked for."""
    share = random.uniform(STALE_SHARE_LEAST, STALE_SHARE_MOST)  # noqa: S311
    return CachedToken(
        token,
        stale_at=requested_at.after(expires_in * (1 - share)),
        ends_at=requested_at.after(expires_in),
    )


def stale_soon(cached: CachedToken, *, now: Instant) -> CachedToken:
    """Cache a token that was reported and came again: it is asked for again soon."""
    soon = now.after(min(AGAIN_AFTER_REPORT, max(now.seconds_until(cached.stale_at), 0)))
    return cached._replace(stale_at=soon)


def ending_by(cached: CachedToken, ends_at: float, *, now: Instant) -> CachedToken:
    """*cached*, which ends at *ends_at* (seconds since 1970) at the latest."""
    end = now.after(ends_at - now.wall)
    if now.seconds_until(end) >= now.seconds_until(cached.ends_at):
        return cached
    return cached._replace(stale_at=min(cached.stale_at, end), ends_at=end)
