"""An access token as a provider issued it; `freshness` has the rules on its age."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tokenvend.domain import bounds
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import BEARER, SentAs


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
