"""Stored items that cannot be trusted: counted, then treated as absent."""

from collections.abc import Callable
from enum import StrEnum


class Distrust(StrEnum):
    """Why a stored item was not used."""

    MALFORMED = "malformed"
    NOT_AUTHENTIC = "not_authentic"
    REPLAYED = "replayed"
    UNKNOWN_SCHEMA = "unknown_schema"


#: Called with the item's key and the reason. Never raises.
type OnUntrusted = Callable[[str, Distrust], None]
