"""By which run of the schedule a token in use is renewed; `freshness` says from when on.

A run handles one minute's tokens of one shard, and those that earlier runs left.

    renewable from                    due                          overdue
        |  by the run that is the last  |  by the first run to come     |
        |  surely in time               |                               |

If the token lives long enough, the first run after it is due also ends before it is overdue, and
renews it. If not, the last run that surely ends before the token is overdue renews it, and earlier
ones leave it alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tokenvend.domain import bounds
from tokenvend.domain.freshness import renewable_from
from tokenvend.domain.token import AccessToken

_FORMAT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class RenewalSlot:
    """The tokens of one shard that are due in one minute: a partition of the renewal index."""

    minute: datetime
    shard: int

    @property
    def name(self) -> str:
        """The partition's name: `2026-03-01T12:00#07`."""
        return f"{self.minute.strftime(_FORMAT)}#{self.shard:02}"


def slot_of(key: str, due_at: datetime) -> RenewalSlot:
    """The slot of the token under *key* that is due at *due_at*."""
    return RenewalSlot(
        due_at.replace(second=0, microsecond=0), int(key[:8], 16) % bounds.RENEWAL_SHARDS
    )


def slot_of_token(key: str, token: AccessToken, *, now: datetime) -> RenewalSlot:
    """Return the slot in which *token* is renewed: the current minute's, if its own is past."""
    return slot_of(key, max(renewable_from(key, token), now))


def slots_until(now: datetime, shard: int) -> Iterator[RenewalSlot]:
    """The slots that a run at *now* handles, the oldest first."""
    minute = now.replace(second=0, microsecond=0) - bounds.RENEWAL_LOOKS_BACK
    while minute <= now:
        yield RenewalSlot(minute, shard)
        minute += bounds.RENEWAL_EVERY
