"""An access token and its life.

    requested_at                due                overdue       expires_at
        |---------- FRESH --------|------ STALE -------|-- OVERDUE --|-- EXPIRED …
        0 %                      75 %                 90 %          100 %

Shares are of the lifetime that the provider stated. `expires_at` comes before its end, for clocks
differ: of 300 s there are 270, and a tenth of what is left at 90 % would be nothing. So a token is
overdue while there is still room for an exchange, however short its life is.

FRESH and STALE are answered as they are; a scheduled renewal replaces what is STALE and asked
for. At OVERDUE one request exchanges while the others answer what they hold. EXPIRED is never
answered.

A provider may answer with the token that we hold already. Asking it again early would only
bring the same once more, so such a token is due at 90 % of its lifetime, overdue at 97 %.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto

from tokenvend.domain import bounds
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import BEARER, Header, RequestParts


class Freshness(Enum):
    """Where a token is in its life."""

    FRESH = auto()
    STALE = auto()
    OVERDUE = auto()
    EXPIRED = auto()


class SecretStage(StrEnum):
    """Which of a secret's versions made a token: the current one, or the next of a rotation."""

    CURRENT = "AWSCURRENT"
    PENDING = "AWSPENDING"


class LifetimeSource(StrEnum):
    """Who said how long the token lives."""

    EXPIRES_IN = "expires_in"
    JWT_EXP = "jwt_exp"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A bearer token as a provider issued it, or an API key.

    `requested_at` is the instant before the request was sent. `expires_at` has the allowance
    for skewed clocks already taken off. `secret_generation` is that of the secret it was issued
    for. `header` is how it is sent, or `parts` where one header is not enough. Only bearer
    tokens are ever stored. `forced`: it took the place of one that an API had refused.
    `repeated`: it is the token that was held before, so the provider issues no other while this
    one lives.
    """

    access_token: Secret
    scopes: Scopes
    requested_at: datetime
    expires_at: datetime
    secret_generation: str = ""
    lifetime_source: LifetimeSource = LifetimeSource.EXPIRES_IN
    header: Header = BEARER
    parts: RequestParts | None = None
    secret_stage: SecretStage = SecretStage.CURRENT
    forced: bool = False
    repeated: bool = False

    @property
    def lifetime(self) -> timedelta:
        """From the request to the end: what the token is trusted for."""
        return self.expires_at - self.requested_at

    @property
    def stated_lifetime(self) -> timedelta:
        """As the provider stated it, with nothing taken off."""
        return stated_lifetime(self.lifetime)

    def is_expired(self, now: datetime) -> bool:
        """Whether the token's life has ended."""
        return now >= self.expires_at

    def freshness(self, now: datetime, *, key: str) -> Freshness:
        """Where the token is in its life; *key* spreads many tokens' renewals in time."""
        if now >= self.expires_at:
            return Freshness.EXPIRED
        if now >= self.overdue_at(key):
            return Freshness.OVERDUE
        if now >= self.due_at(key):
            return Freshness.STALE
        return Freshness.FRESH

    def due_at(self, key: str) -> datetime:
        """When a renewal should replace the token."""
        jitter = jitter_of(key) * bounds.JITTER
        if self.repeated:
            return self.requested_at + self.lifetime * (bounds.RENEWAL_DUE_REPEATED + jitter)
        return self.requested_at + self.stated_lifetime * (bounds.RENEWAL_DUE + jitter)

    def overdue_at(self, key: str) -> datetime:
        """When a request should replace the token, because no renewal did."""
        jitter = jitter_of(key) * bounds.JITTER
        if self.repeated:
            return self.requested_at + self.lifetime * (bounds.OVERDUE_REPEATED - jitter)
        stated = self.stated_lifetime
        room = min(bounds.EXCHANGE_NEEDS, stated * bounds.OVERDUE_BEFORE_END)
        line = self.requested_at + stated * (bounds.OVERDUE - jitter)
        return min(line, self.expires_at - room)


def jitter_of(key: str) -> float:
    """A number in [0, 1) that is always the same for one hexadecimal *key*."""
    return int(key[:8], 16) / 0x1_0000_0000


def clock_skew_allowance(lifetime: timedelta) -> timedelta:
    """What is taken off a token's life because clocks differ: 30 s, or a tenth if that is less.

    30 s off a token of 60 s would waste half of it.
    """
    return min(bounds.CLOCK_SKEW, lifetime * bounds.CLOCK_SKEW_SHARE)


def stated_lifetime(trusted: timedelta) -> timedelta:
    """The lifetime of which *trusted* is left when the allowance has been taken off."""
    stated = trusted + bounds.CLOCK_SKEW
    if stated * bounds.CLOCK_SKEW_SHARE < bounds.CLOCK_SKEW:
        return trusted / (1 - bounds.CLOCK_SKEW_SHARE)
    return stated
