"""What callers ask, what they may be answered, and what they were answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tokenvend_local.callers import Answer

#: Beside the error codes: the request got a token, or a report was taken.
TOKEN, TAKEN = "token", "taken"
BUSY = "temporarily_unavailable"


class Way(StrEnum):
    """How a request came in. BARE calls do next to nothing: what others are compared with."""

    IAM = "iam"
    OAUTH2 = "oauth2"
    DIRECT = "direct"
    BATCH = "batch"
    BARE_HTTP = "bare HTTP"
    BARE_DIRECT = "bare direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One thing that callers do again and again.

    Attributes:
        send: Sends one request; the answers, several for a batch.
        outcomes: What may come of it: `TOKEN`, `TAKEN` or an error's code.
        clients: The provider's clients whose tokens may come back.
        scopes: The most that a token may carry.
        min_ttl_seconds: What a token must have left.
        guest: Its grant is removed and put back meanwhile.
        turned: Its secret is changed meanwhile.
        weight: How often it is done, against the others.
    """

    name: str
    way: Way
    send: Callable[[], Sequence[Answer]]
    outcomes: frozenset[str] = frozenset({TOKEN})
    clients: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    min_ttl_seconds: int = 0
    guest: bool = False
    turned: bool = False
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer; instants are in seconds since the epoch, by this machine's clock.

    `seconds` is what the caller waited for it.
    """

    flow: Flow
    sent_at: float
    came_at: float
    status: int
    fields: dict[str, Any] = field(repr=False)
    has_retry_after: bool = False
    seconds: float = 0.0

    @property
    def outcome(self) -> str:
        """`TOKEN`, `TAKEN` or the error's code."""
        if error := self.fields.get("error"):
            return str(error)
        return TOKEN if "access_token" in self.fields else TAKEN

    @property
    def token(self) -> str | None:
        """The access token, if it is one."""
        value = self.fields.get("access_token")
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Removal:
    """A grant's absence: removed for good at `since`, and on its way back from `until`."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A secret's change: wrong from `since`, and put right at `until`."""

    since: float
    until: float
