"""Where callers' buckets of permits are kept, for all environments."""

from dataclasses import dataclass
from typing import Protocol

from tokenvend.domain.quota import Quota


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of a draw: whether it was granted, and the bucket's `empty_at` after it.

    `None`: the bucket was never used, and the draw was refused because it was said to be in use.
    """

    granted: bool
    empty_at: int | None


class QuotaStore(Protocol):
    """Buckets by caller. A draw is atomic: no two environments get the same permit."""

    def draw(self, caller: str, quota: Quota, permits: int, *, now: int, from_full: bool) -> Drawn:
        """Take *permits* from the bucket of *caller* at *now* (microseconds since 1970).

        With *from_full* it is granted only where the bucket is full, else only where it is not
        and holds so many. So one conditional write is enough for whoever knows which it is.

        Raises:
            StoreAwayError: the table does not answer, or is too busy.
        """
        ...
