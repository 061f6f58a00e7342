"""Events of a connection that an operator must hear of, each once."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.domain.connection import ConnectionKey


class ConnectionEventType(StrEnum):
    """LOST: its user must consent again. NOT_STORED: the new refresh token could not be stored."""

    LOST = "lost"
    NOT_STORED = "not_stored"
    DISCONNECTED = "disconnected"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class ConnectionEvent:
    """One event. `reason` is a rule or a code, never a provider's text."""

    event_type: ConnectionEventType
    key: ConnectionKey
    reason: str = ""


#: Told of each event. Never raises.
type PublishEvent = Callable[[ConnectionEvent], None]
