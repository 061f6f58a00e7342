"""What happens to a consent that somebody must hear of, once."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.domain.connection import ConnectionKey


class Happened(StrEnum):
    """LOST: its user must consent again. NOT_KEPT: its new refresh token could not be stored."""

    LOST = "lost"
    NOT_KEPT = "not_kept"
    DISCONNECTED = "disconnected"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class ConnectionEvent:
    """One thing that happened. `why` is a rule or a code, never a provider's text."""

    happened: Happened
    key: ConnectionKey
    why: str = ""


#: Told of each event. Never raises.
type Tell = Callable[[ConnectionEvent], None]
