"""Port for callers' token buckets (see `domain.quota`), which all environments share."""

from dataclasses import dataclass
from typing import Protocol

from tokenvend.domain.quota import Quota


@dataclass(frozen=True, slots=True)
class Drawn:
    """The result of a draw: whether it was granted, and the bucket's `empty_at` after it.

    `empty_at` is `None` if the bucket was never used; a draw without *from_full* is refused then.
    """

    granted: bool
    empty_at: int | None


class QuotaStore(Protocol):
    """Stores one bucket per caller. A draw is atomic: no two environments get the same permit."""

    def draw(self, caller: str, quota: Quota, permits: int, *, now: int, from_full: bool) -> Drawn:
        """Take *permits* from the bucket of *caller* at *now* (microseconds since 1970).

        With *from_full* the draw is granted only if the bucket is full. Without it, the draw is
        granted only if the bucket is not full and holds at least *permits*. So each draw is one
        conditional write; an environment that was wrong about the bucket draws again.

        Raises:
            StoreAwayError: the table does not answer, or throttles the write.
        """
        ...
