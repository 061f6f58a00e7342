"""When an asked-for token is renewed, and by which run of the schedule.

A run handles one minute's tokens of one shard, and those that the runs before it left.

    renewable from                    due                          overdue
        |  by the run that is the last  |  by the first run to come     |
        |  surely in time               |                               |

Most lives are long enough for the first run after the token is due to come in time. Where one is
not, the last run before overdue has to do it; each earlier one leaves the token alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tokenvend.domain import bounds
from tokenvend.domain.token import AccessToken

_FORMAT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class RenewalSlot:
    """One minute's tokens of one shard: a partition of the renewal index."""

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
    """The first instant at which a run may renew *token*: the next one could come too late."""
    return min(token.due_at(key), token.overdue_at(key) - bounds.RENEWAL_RUNS_APART)


def schedule_missed_from(key: str, token: AccessToken) -> datetime:
    """From here on the schedule may come too late for *token*, if nobody has asked for it yet."""
    return max(token.due_at(key), token.overdue_at(key) - bounds.RENEWAL_RUNS_APART)


def in_use_from(key: str, token: AccessToken) -> datetime:
    """The first instant at which a request asks for *token*'s successor, too.

    Whoever comes sooner, and again within 75 % of a lifetime, finds *token* itself: many requests
    at once, and then none, are not worth a renewal.
    """
    return schedule_missed_from(key, token) - token.stated_lifetime * bounds.RENEWAL_DUE


def slot_of_token(key: str, token: AccessToken, *, now: datetime) -> RenewalSlot:
    """The slot in which *token* is renewed; the running minute's, if its own is past."""
    return slot_of(key, max(renewable_from(key, token), now))


def slots_until(now: datetime, shard: int) -> Iterator[RenewalSlot]:
    """The slots that a run at *now* handles, the oldest first."""
    minute = now.replace(second=0, microsecond=0) - bounds.RENEWAL_LOOKS_BACK
    while minute <= now:
        yield RenewalSlot(minute, shard)
        minute += bounds.RENEWAL_EVERY
