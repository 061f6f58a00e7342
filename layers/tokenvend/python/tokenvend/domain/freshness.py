"""How old a token may be: to be answered, to be renewed, to be marked as in use, to be rejected.

    requested_at                due                overdue       expires_at
        |---------- FRESH --------|------ STALE -------|-- OVERDUE --|-- EXPIRED …
        0 %                      75 %                 90 %          100 %

The shares are of the lifetime that the provider stated. `expires_at` is earlier than the stated end
by an allowance for clock skew: of 300 s, 270 s count. 90 % of the stated 300 s would be that very
instant, so a token is overdue early enough for an exchange before `expires_at`, however short its
lifetime is.

A FRESH or STALE token is answered as it is; a scheduled renewal replaces a STALE token that is in
use. If a token is OVERDUE, one request exchanges for a new one while the others answer the stored
one. An EXPIRED token is never answered.

A provider may answer with the same token again while it lives. An early exchange would not give
another, so such a token is due at 90 % of its lifetime and overdue at 97 %.

Everywhere *key* is the token's cache key. It gives the jitter that spreads renewals in time.
"""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import assert_never

from tokenvend.domain import bounds
from tokenvend.domain.errors import InvalidRequestError
from tokenvend.domain.token import AccessToken


class Freshness(Enum):
    """Where a token is in its life."""

    FRESH = auto()
    STALE = auto()
    OVERDUE = auto()
    EXPIRED = auto()


class Usability(Enum):
    """Whether a stored token is good enough for one request.

    USABLE: answer it. REPLACEABLE: it is valid, and should be replaced. UNUSABLE: replace it
    first.
    """

    USABLE = auto()
    REPLACEABLE = auto()
    UNUSABLE = auto()


def freshness_of(key: str, token: AccessToken, now: datetime) -> Freshness:
    """Return where *token* is in its life; its end is tested first."""
    if token.is_expired(now):
        return Freshness.EXPIRED
    if now >= overdue_at(key, token):
        return Freshness.OVERDUE
    if now >= due_at(key, token):
        return Freshness.STALE
    return Freshness.FRESH


def usability_of(
    key: str,
    token: AccessToken,
    now: datetime,
    *,
    min_ttl: timedelta,
    replaceable_from: datetime | None,
) -> Usability:
    """Return whether *token* will do for a request that wants *min_ttl* of its lifetime left.

    From *replaceable_from* on, a token is replaced although it is not overdue; `None`: never.
    """
    if now > answerable_until(token, min_ttl):
        return Usability.UNUSABLE
    match freshness_of(key, token, now):
        case Freshness.EXPIRED:
            return Usability.UNUSABLE
        case Freshness.OVERDUE:
            return Usability.REPLACEABLE
        case Freshness.FRESH | Freshness.STALE:
            is_early = replaceable_from is not None and now >= replaceable_from
            return Usability.REPLACEABLE if is_early else Usability.USABLE
        case unreachable:
            assert_never(unreachable)


def due_at(key: str, token: AccessToken) -> datetime:
    """Return when the schedule should renew *token*."""
    jitter = jitter_of(key) * bounds.JITTER
    if token.repeated:
        return token.requested_at + token.lifetime * (bounds.RENEWAL_DUE_REPEATED + jitter)
    return token.requested_at + token.stated_lifetime * (bounds.RENEWAL_DUE + jitter)


def overdue_at(key: str, token: AccessToken) -> datetime:
    """Return when a request should replace *token*, if no scheduled renewal has."""
    jitter = jitter_of(key) * bounds.JITTER
    if token.repeated:
        return token.requested_at + token.lifetime * (bounds.OVERDUE_REPEATED - jitter)
    stated = token.stated_lifetime
    room = min(bounds.EXCHANGE_NEEDS, stated * bounds.OVERDUE_BEFORE_END)
    line = token.requested_at + stated * (bounds.OVERDUE - jitter)
    return min(line, token.expires_at - room)


def answerable_until(token: AccessToken, min_ttl: timedelta) -> datetime:
    """Return the last instant at which *token* has *min_ttl* left."""
    return token.expires_at - min_ttl


def renewable_from(key: str, token: AccessToken) -> datetime:
    """Return the first instant at which a run of the schedule may renew *token*.

    The token is due then, or the next run could end after the token is overdue.
    """
    return min(due_at(key, token), overdue_at(key, token) - bounds.RENEWAL_RUNS_APART)


def schedule_missed_from(key: str, token: AccessToken) -> datetime:
    """Return the instant from which a renewal that is not scheduled yet may be too late.

    A token is scheduled when it is first in use: see `in_use_from`.
    """
    return max(due_at(key, token), overdue_at(key, token) - bounds.RENEWAL_RUNS_APART)


def in_use_from(key: str, token: AccessToken) -> datetime:
    """Return the first instant at which a request for *token* marks it as in use.

    A caller that asks earlier, and again within 75 % of a lifetime, still finds *token* itself. So
    a burst of requests after an exchange, with none after it, causes no renewal.
    """
    return schedule_missed_from(key, token) - token.stated_lifetime * bounds.RENEWAL_DUE


def trusted_in_memory_until(
    key: str,
    token: AccessToken,
    *,
    checked_at: datetime,
    trust: timedelta,
    min_ttl: timedelta,
    is_renewed: bool,
) -> datetime:
    """Return until when memory answers *token*, which was checked at *checked_at*.

    A token that the schedule renews must be marked as in use, in the table. So memory's trust ends
    at the latest when that mark is due: the next request must reach the table.
    """
    until = min(checked_at + trust, overdue_at(key, token), answerable_until(token, min_ttl))
    in_use_at = in_use_from(key, token)
    return min(until, in_use_at) if is_renewed and checked_at < in_use_at else until


def rejectable_from(token: AccessToken) -> datetime:
    """Return when a report may force an exchange again: *token* was forced by the one before."""
    return token.requested_at + token.lifetime * bounds.REJECTION_AGAIN_AFTER


def check_min_ttl(min_ttl_seconds: int, token: AccessToken) -> None:
    """Refuse a `min_ttl_seconds` above half the lifetime: each request would exchange.

    Raises:
        InvalidRequestError: it is above.
    """
    most = int(token.lifetime.total_seconds() / 2)
    if min_ttl_seconds > most:
        raise InvalidRequestError(
            f"min_ttl_seconds can be at most half of this token's lifetime: {most}.",
            rule="request.min_ttl_seconds",
        )


def jitter_of(key: str) -> float:
    """Return a number in [0, 1) that depends on the hexadecimal *key* alone."""
    return int(key[:8], 16) / 0x1_0000_0000
