"""When a token in use is renewed, and by which run of the schedule.

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


def renewable_from(key: str, token: AccessToken) -> datetime:
    """Return the first instant at which a run may renew *token*.

    The token is due then, or the next run could end after the token is overdue.
    """
    return min(token.due_at(key), token.overdue_at(key) - bounds.RENEWAL_RUNS_APART)


def schedule_missed_from(key: str, token: AccessToken) -> datetime:
    """Return the instant from which a renewal that is not scheduled yet may be too late.

    A token is scheduled when it is first in use: see `in_use_from`.
    """
    return max(token.due_at(key), token.overdue_at(key) - bounds.RENEWAL_RUNS_APART)


def in_use_from(key: str, token: AccessToken) -> datetime:
    """Return the first instant at which a request for *token* marks it as in use.

    A caller that asks earlier, and again within 75 % of a lifetime, still finds *token* itself. So
    a burst of requests after an exchange, with none after it, causes no renewal.
    """
    return schedule_missed_from(key, token) - token.stated_lifetime * bounds.RENEWAL_DUE


def slot_of_token(key: str, token: AccessToken, *, now: datetime) -> RenewalSlot:
    """Return the slot in which *token* is renewed: the current minute's, if its own is past."""
    return slot_of(key, max(renewable_from(key, token), now))


def slots_until(now: datetime, shard: int) -> Iterator[RenewalSlot]:
    """The slots that a run at *now* handles, the oldest first."""
    minute = now.replace(second=0, microsecond=0) - bounds.RENEWAL_LOOKS_BACK
    while minute <= now:
        yield RenewalSlot(minute, shard)
        minute += bounds.RENEWAL_EVERY
