"""An access token, and its freshness over its lifetime.

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
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto

from tokenvend.domain import bounds
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import BEARER, SentAs


class Freshness(Enum):
    """Where a token is in its life."""

    FRESH = auto()
    STALE = auto()
    OVERDUE = auto()
    EXPIRED = auto()


class SecretStage(StrEnum):
    """The version of the secret with which a token was issued: the current one, or the next one."""

    CURRENT = "AWSCURRENT"
    PENDING = "AWSPENDING"


class LifetimeSource(StrEnum):
    """Where a token's lifetime is stated."""

    EXPIRES_IN = "expires_in"
    JWT_EXP = "jwt_exp"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token as a provider issued it, or an API key.

    `requested_at` is the instant before the request was sent. `expires_at` already has the
    allowance for clock skew taken off. `secret_generation` is that of the secret with which it was
    issued. `sent_as` is how a request to the API carries it. API keys are never stored. `forced`:
    it replaced a token that an API had refused. `repeated`: the provider answered with the former
    token again, so it issues no other while this one is valid. `answer_values` are further values
    of the token answer, until `sent_as` has them.
    """

    access_token: Secret
    scopes: Scopes
    requested_at: datetime
    expires_at: datetime
    secret_generation: str = ""
    lifetime_source: LifetimeSource = LifetimeSource.EXPIRES_IN
    sent_as: SentAs = BEARER
    secret_stage: SecretStage = SecretStage.CURRENT
    forced: bool = False
    repeated: bool = False
    answer_values: Mapping[str, Secret] = field(default_factory=dict, compare=False)

    @property
    def lifetime(self) -> timedelta:
        """The time from `requested_at` to `expires_at`, without the allowance for clock skew."""
        return self.expires_at - self.requested_at

    @property
    def stated_lifetime(self) -> timedelta:
        """The lifetime that the provider stated, with the allowance for clock skew."""
        return stated_lifetime(self.lifetime)

    def is_expired(self, now: datetime) -> bool:
        """Whether the token's life has ended."""
        return now >= self.expires_at

    def freshness(self, now: datetime, *, key: str) -> Freshness:
        """Return the token's freshness. *key* gives the jitter that spreads renewals in time."""
        if now >= self.expires_at:
            return Freshness.EXPIRED
        if now >= self.overdue_at(key):
            return Freshness.OVERDUE
        if now >= self.due_at(key):
            return Freshness.STALE
        return Freshness.FRESH

    def due_at(self, key: str) -> datetime:
        """Return when the schedule should renew the token."""
        jitter = jitter_of(key) * bounds.JITTER
        if self.repeated:
            return self.requested_at + self.lifetime * (bounds.RENEWAL_DUE_REPEATED + jitter)
        return self.requested_at + self.stated_lifetime * (bounds.RENEWAL_DUE + jitter)

    def overdue_at(self, key: str) -> datetime:
        """Return when a request should replace the token, if no scheduled renewal has."""
        jitter = jitter_of(key) * bounds.JITTER
        if self.repeated:
            return self.requested_at + self.lifetime * (bounds.OVERDUE_REPEATED - jitter)
        stated = self.stated_lifetime
        room = min(bounds.EXCHANGE_NEEDS, stated * bounds.OVERDUE_BEFORE_END)
        line = self.requested_at + stated * (bounds.OVERDUE - jitter)
        return min(line, self.expires_at - room)


def jitter_of(key: str) -> float:
    """Return a number in [0, 1) that depends on the hexadecimal *key* alone."""
    return int(key[:8], 16) / 0x1_0000_0000


def clock_skew_allowance(lifetime: timedelta) -> timedelta:
    """Return the allowance for clock skew: 30 s, or a tenth of *lifetime* if that is less.

    Of a lifetime of 60 s, 30 s would be half.
    """
    return min(bounds.CLOCK_SKEW, lifetime * bounds.CLOCK_SKEW_SHARE)


def stated_lifetime(trusted: timedelta) -> timedelta:
    """Return the stated lifetime whose rest, without the allowance for clock skew, is *trusted*."""
    stated = trusted + bounds.CLOCK_SKEW
    if stated * bounds.CLOCK_SKEW_SHARE < bounds.CLOCK_SKEW:
        return trusted / (1 - bounds.CLOCK_SKEW_SHARE)
    return stated
