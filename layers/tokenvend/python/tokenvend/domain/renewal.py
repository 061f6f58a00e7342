"""When an asked-for token is renewed, and by which run of the schedule.

A run handles one minute's tokens of one shard. It may start at any second of its minute, so a
token whose time between due and overdue is short is put into an earlier minute: it is renewed
before it is overdue whenever in its minute the run comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tokenvend.domain import bounds
from tokenvend.domain.token import AccessToken

_FORMAT = "%Y-%m-%dT%H:%M"
#: A run needs time itself, once it has started.
_WINDOW_WANTED = bounds.RENEWAL_EVERY + timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Slot:
    """One minute's tokens of one shard: a partition of the renewal index."""

    minute: datetime
    shard: int

    @property
    def name(self) -> str:
        """The partition's name: `2026-03-01T12:00#07`."""
        return f"{self.minute.strftime(_FORMAT)}#{self.shard:02}"


def slot_of(key: str, due_at: datetime) -> Slot:
    """The slot of the token under *key* that is due at *due_at*."""
    return Slot(due_at.replace(second=0, microsecond=0), int(key[:8], 16) % bounds.RENEWAL_SHARDS)


def renewable_from(key: str, token: AccessToken) -> datetime:
    """The first instant at which a run may renew *token*: the beginning of its slot's minute."""
    window = token.overdue_at(key) - token.due_at(key)
    early = max(timedelta(0), _WINDOW_WANTED - window)
    return (token.due_at(key) - early).replace(second=0, microsecond=0)


def slot_of_token(key: str, token: AccessToken, *, now: datetime) -> Slot:
    """The slot in which *token* is renewed; the running minute's, if its own is past."""
    return slot_of(key, max(renewable_from(key, token), now))


def slots_until(now: datetime, shard: int) -> Iterator[Slot]:
    """The slots that a run at *now* handles, the oldest first."""
    minute = now.replace(second=0, microsecond=0) - bounds.RENEWAL_LOOKS_BACK
    while minute <= now:
        yield Slot(minute, shard)
        minute += bounds.RENEWAL_EVERY
