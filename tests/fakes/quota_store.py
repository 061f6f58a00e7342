"""Callers' buckets of permits in memory, for every environment of a test."""

from threading import Lock

from tokenvend.domain.quota import Quota
from tokenvend.ports import StoreAwayError
from tokenvend.ports.quotas import Drawn


class InMemoryQuotas:
    """`ports.quotas.QuotaStore`. `writes` counts each draw, refused ones too."""

    def __init__(self) -> None:
        self.empty_at: dict[str, int] = {}
        self.writes = 0
        self.is_away = False
        self._lock = Lock()

    def draw(self, caller: str, quota: Quota, permits: int, *, now: int, from_full: bool) -> Drawn:
        if self.is_away:
            raise StoreAwayError
        with self._lock:
            self.writes += 1
            before = self.empty_at.get(caller)
            if quota.is_full(before, now) != from_full:
                return Drawn(granted=False, empty_at=before)
            start = quota.full_at(now) if from_full or before is None else before
            after = start + permits * quota.interval
            if after > now:
                return Drawn(granted=False, empty_at=before)
            self.empty_at[caller] = after
            return Drawn(granted=True, empty_at=after)
