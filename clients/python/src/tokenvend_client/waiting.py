"""How long to wait before a retry: `Retry-After`, jitter and bounds."""

import random
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

#: A longer `Retry-After` is shortened to this many seconds: an hour's would outlast the repair.
RETRY_AFTER_MAXIMUM = 60.0
#: The most jitter, as a share of each wait, so that a fleet does not retry all at once.
JITTER_SHARE = 0.25
#: The first wait without a `Retry-After`, in seconds; doubled each time, up to the maximum.
BACKOFF_FIRST = 0.5
#: A refusal is remembered this many seconds, so that a loop of requests does not become a flood.
REFUSAL_REMEMBERED = 1.0


def parse_retry_after(value: str | None, *, now: float) -> float | None:
    """Return the seconds of a `Retry-After` (RFC 9110 §10.2.3), in either form; `None` if none.

    *now* is in seconds since 1970.

    >>> parse_retry_after("3", now=0)
    3.0
    >>> parse_retry_after("Thu, 01 Jan 1970 00:00:09 GMT", now=4.0)
    5.0
    >>> parse_retry_after("soon", now=0)
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_MAXIMUM)
    try:
        instant = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=timezone.utc)
    seconds = (instant - datetime.fromtimestamp(now, timezone.utc)).total_seconds()
    return min(max(seconds, 0.0), RETRY_AFTER_MAXIMUM)


def wait_seconds(retry_after: float | None, failures: int) -> float:
    """Return the seconds before the next attempt, after *failures* in a row (1 or more).

    It is never less than the answer said; a random jitter is added.

    >>> 3.0 <= wait_seconds(3.0, failures=1) <= 3.0 * (1 + JITTER_SHARE)
    True
    """
    doubled = BACKOFF_FIRST * 2.0 ** min(failures - 1, 10)
    base = doubled if retry_after is None else max(retry_after, BACKOFF_FIRST)
    return min(base, RETRY_AFTER_MAXIMUM) * random.uniform(1.0, 1.0 + JITTER_SHARE)  # noqa: S311
