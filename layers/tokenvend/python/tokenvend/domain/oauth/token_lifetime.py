"""Parse a token's lifetime as its provider states it (RFC 6749 §5.1, and other forms)."""

import re
from datetime import datetime, timedelta

from tokenvend.domain import bounds
from tokenvend.domain.oauth.response_description import LifetimeUnit

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
#: RFC 3339 §5.6, also with an offset without a colon. A time without an offset is not an instant.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
#: Larger than any meaningful number in any unit.
_LARGEST = 10**15
_SECONDS_IN = {
    LifetimeUnit.SECONDS: 1,
    LifetimeUnit.MINUTES: 60,
    LifetimeUnit.MILLISECONDS: 1 / 1000,
}


class NotALifetimeError(ValueError):
    """The value is not a lifetime in its unit."""


def stated_seconds(value: object, unit: LifetimeUnit, *, requested_at: datetime) -> float:
    """Return the seconds from *requested_at* to the end that *value* states in *unit*.

    The result is zero or negative if that end is past.

    Raises:
        NotALifetimeError: *value* is not a lifetime in *unit*.
    """
    if unit is LifetimeUnit.RFC3339:
        return (_instant(value) - requested_at).total_seconds()
    number = _number(value)
    if unit is LifetimeUnit.EPOCH_SECONDS:
        return number - requested_at.timestamp()
    if unit is LifetimeUnit.EPOCH_MILLISECONDS:
        return number / 1000 - requested_at.timestamp()
    return number * _SECONDS_IN[unit]


def capped(seconds: float) -> timedelta:
    """Return *seconds* as a duration: whole seconds, at most `bounds.LIFETIME_MAXIMUM`."""
    most = bounds.LIFETIME_MAXIMUM
    return most if seconds >= most.total_seconds() else timedelta(seconds=int(seconds))


def _number(value: object) -> float:
    """Parse *value* as a number. Some servers send a text; `True` is an `int`, but no number."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotALifetimeError
    # It may have 400 digits, or be infinite.
    return max(-_LARGEST, min(value, _LARGEST))


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        raise NotALifetimeError
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise NotALifetimeError from None
