"""Enforce each caller's quota over all environments; most requests write nothing.

An environment draws a batch of permits from the caller's bucket, which all environments share, and
uses them up within `bounds.QUOTA_BATCH_HELD`. So a caller gets in any T seconds at most
`burst + requests_per_minute * (T + QUOTA_BATCH_HELD) / 60`, whatever the number of environments.
The permits of an environment that ends are lost. If the table is away, each environment counts by
itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tokenvend.domain import bounds
from tokenvend.domain.errors import TooManyRequestsError
from tokenvend.domain.registry import Caller
from tokenvend.ports import StoreAwayError
from tokenvend.vending.rate_limit import RateLimit, over_limit

if TYPE_CHECKING:  # imported at run time only for callers with a limit: see `_drawn`
    from tokenvend.domain.quota import Batch
    from tokenvend.ports.quotas import QuotaStore

#: How often one request tries again when other environments draw at the same time.
_TRIES = 4


class CallerQuotas:
    """The permits that this environment has drawn, by caller."""

    def __init__(self, store: QuotaStore) -> None:
        self._store = store
        self._batches: dict[str, Batch] = {}
        self._local = RateLimit()
        self._local_until: datetime | None = None

    def check(self, caller: Caller, now: datetime) -> None:
        """Use one permit of *caller*.

        Raises:
            TooManyRequestsError: there is no permit. After `retry_after_seconds` there is one, if
                the caller makes no other request until then.
        """
        if caller.requests_per_minute is None:
            return
        batch = self._batches.get(caller.name)
        if batch is not None and now < batch.drawn_at:
            # This environment's clock was fast when it drew the batch, and has been corrected.
            batch = None
        if batch is not None:
            batch.requests += 1
            if batch.left and now < batch.ends_at:
                batch.left -= 1
                return
        self._draw(caller, batch, now)

    def check_locally(self, caller: Caller, now: datetime) -> None:
        """Count a request of *caller* while the table is away, in this environment alone.

        Raises:
            TooManyRequestsError: the caller exceeds its limit for this minute here.
        """
        self._local.check(caller, now)

    def _draw(self, caller: Caller, batch: Batch | None, now: datetime) -> None:
        if self._local_until is not None and now < self._local_until:
            self.check_locally(caller, now)
            return
        if batch is not None and now < batch.again_at:
            raise _too_many(caller, batch.again_at - now)
        try:
            drawn = self._drawn(caller, batch, now)
        except StoreAwayError:
            self._local_until = now + bounds.QUOTA_STORE_AGAIN_AFTER
            self.check_locally(caller, now)
            return
        if len(self._batches) >= bounds.MEMORY_ENTRIES and caller.name not in self._batches:
            self._batches.clear()
        self._batches[caller.name] = drawn
        if now < drawn.again_at:
            raise _too_many(caller, drawn.again_at - now)

    def _drawn(self, caller: Caller, batch: Batch | None, now: datetime) -> Batch:
        """Draw a batch of permits, and use one of them; an empty batch if there are none.

        If the bucket has changed since this environment last saw it, the draw is tried again.
        """
        from tokenvend.domain.quota import Batch, batch_size, microseconds, quota_of

        quota, at = quota_of(caller), microseconds(now)
        former = batch.size if batch else 0
        empty_at = batch.empty_at if batch else None
        for _ in range(_TRIES):
            level = quota.level(empty_at, at)
            if level < 1:
                break
            permits = batch_size(
                quota, level=level, per_second=_per_second(batch, now), former=former
            )
            is_full = quota.is_full(empty_at, at)
            drawn = self._store.draw(caller.name, quota, permits, now=at, from_full=is_full)
            empty_at = drawn.empty_at
            if drawn.granted:
                ends_at = now + bounds.QUOTA_BATCH_HELD
                return Batch(permits - 1, permits, now, ends_at, empty_at, again_at=now)
        # Not rounded up to whole seconds: another environment may compute a shorter wait a moment
        # later, and a retry after that wait must succeed here too.
        wait = max(timedelta(seconds=1), timedelta(microseconds=quota.wait(empty_at, at)))
        return Batch(0, former, now, now, empty_at, again_at=now + wait)


def _per_second(batch: Batch | None, now: datetime) -> float:
    """Return how many requests a second this environment got since its last draw."""
    if batch is None:
        return 0.0
    seconds = (now - batch.drawn_at).total_seconds()
    return batch.requests / seconds if seconds > 0 else float(batch.requests)


def _too_many(caller: Caller, wait: timedelta) -> TooManyRequestsError:
    # Whole seconds, rounded up: a retry that comes sooner would be refused.
    return over_limit(caller, retry_after_seconds=-(-wait // timedelta(seconds=1)))
