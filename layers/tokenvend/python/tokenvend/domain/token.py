"""An access token and its life.

    requested_at                due                overdue       expires_at
        |---------- FRESH --------|------ STALE -------|-- OVERDUE --|-- EXPIRED …
        0 %                      75 %                 90 %          100 %

FRESH and STALE are answered as they are; a scheduled renewal replaces what is STALE and asked
for. At OVERDUE one request exchanges while the others answer what they hold. EXPIRED is never
answered.

A provider may answer with the token that we hold already. Asking it again early would only
bring the same once more, so such a token is due at 90 % of what it has left, overdue at 97 %.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto

from tokenvend.domain import bounds
from tokenvend.domain.header import BEARER, Header
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret


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
    for skewed clocks already taken off. `epoch` names the state of the secret that it was
    made with. `header` is how it is sent. Only bearer tokens are ever stored.
    `forced`: it took the place of one that an API had refused. `repeated`: it is the
    token that was held before, so the provider issues no other while this one lives.
    """

    access_token: Secret
    scopes: Scopes
    requested_at: datetime
    expires_at: datetime
    epoch: str = ""
    lifetime_source: LifetimeSource = LifetimeSource.EXPIRES_IN
    header: Header = BEARER
    secret_stage: SecretStage = SecretStage.CURRENT
    forced: bool = False
    repeated: bool = False

    @property
    def lifetime(self) -> timedelta:
        """From the request to the end."""
        return self.expires_at - self.requested_at

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
        share = bounds.RENEWAL_DUE_REPEATED if self.repeated else bounds.RENEWAL_DUE
        return self._instant_at(share + jitter_of(key) * bounds.JITTER)

    def overdue_at(self, key: str) -> datetime:
        """When a request should replace the token, because no renewal did."""
        share = bounds.OVERDUE_REPEATED if self.repeated else bounds.OVERDUE
        return self._instant_at(share - jitter_of(key) * bounds.JITTER)

    def _instant_at(self, share: float) -> datetime:
        return self.requested_at + self.lifetime * share


def jitter_of(key: str) -> float:
    """A number in [0, 1) that is always the same for one hexadecimal *key*."""
    return int(key[:8], 16) / 0x1_0000_0000


def clock_skew_allowance(lifetime: timedelta) -> timedelta:
    """What is taken off a token's life because clocks differ: 30 s, or a tenth if that is less.

    30 s off a token of 60 s would waste half of it.
    """
    return min(bounds.CLOCK_SKEW, lifetime * bounds.CLOCK_SKEW_SHARE)
