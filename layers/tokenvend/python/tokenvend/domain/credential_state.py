"""What all environments know of a credential's (or tenant's) secret at the provider."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tokenvend.domain import bounds
from tokenvend.domain.errors import (
    PROVIDER_AWAY,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.failure import Failure
from tokenvend.domain.token import AccessToken, LifetimeSource, SecretStage

#: A refusal without a code of its own.
_HTTP_401 = "http_401"
#: The provider's word against the client itself, whatever token it asked for (RFC 6749 §5.2).
#: `unauthorized_client` is not: a provider may say it of one scope, and one caller's wish must not
#: keep all others from asking.
_AGAINST_THE_CLIENT = frozenset({"invalid_client", _HTTP_401})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedExchange:
    """What the newest exchanges showed: for an operator to see, never to decide by."""

    lifetime_seconds: int
    lifetime_source: LifetimeSource
    secret_stage: SecretStage

    def is_like(self, other: "ObservedExchange | None") -> bool:
        """Whether *other* says the same; lifetimes of one provider differ by a little."""
        if other is None:
            return False
        differs_by = timedelta(seconds=abs(self.lifetime_seconds - other.lifetime_seconds))
        return (
            differs_by <= _LIFETIME_TOLERANCE
            and self.lifetime_source is other.lifetime_source
            and self.secret_stage is other.secret_stage
        )


_LIFETIME_TOLERANCE = timedelta(minutes=1)


def observed_in(token: AccessToken) -> ObservedExchange:
    """What *token* shows of its provider."""
    return ObservedExchange(
        lifetime_seconds=int(token.lifetime.total_seconds()),
        lifetime_source=token.lifetime_source,
        secret_stage=token.secret_stage,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderOutage:
    """Exchanges that failed in a row because the provider did not answer.

    `failures` counts them up to `bounds.PROVIDER_AWAY_FAILURES`. For an operator to see, never to
    decide by: when the provider is tried again is in each token's `Failure`.
    """

    since: datetime
    failures: int = 1

    def is_lasting(self, now: datetime) -> bool:
        """Whether it lasts long enough to report."""
        return (
            self.failures >= bounds.PROVIDER_AWAY_FAILURES
            and now - self.since >= bounds.PROVIDER_AWAY_AFTER
        )


def outage_after(previous: ProviderOutage | None, now: datetime) -> ProviderOutage:
    """The record of one more exchange that the provider did not answer."""
    if previous is None:
        return ProviderOutage(since=now)
    return replace(previous, failures=min(previous.failures + 1, bounds.PROVIDER_AWAY_FAILURES))


class ScheduledReader(StrEnum):
    """A scheduled function that reads secrets: no caller sees its errors."""

    RENEWAL = "renewal"
    KEEP_ALIVE = "keep_alive"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialState:
    """The state of one credential or tenant.

    `secret_generation` changes with the secret; it is empty until the secret was changed once.
    `failure` is the newest refusal of the whole credential; a new generation starts without one,
    for a changed secret deserves a try at once. `outage` is set while the provider does not
    answer. `not_ready_for` are the scheduled functions that could not use the secret when they
    last tried.
    """

    secret_generation: str = ""
    failure: Failure | None = None
    observed: ObservedExchange | None = None
    outage: ProviderOutage | None = None
    not_ready_for: frozenset[ScheduledReader] = frozenset()


UNKNOWN_STATE = CredentialState()


def concerns_credential(error: Exception, *, for_user: bool = False) -> bool:
    """Whether *error* would meet every token of the credential, not only the requested one.

    *for_user*: it was requested on behalf of a user, whose token a bare 401 may be about. No user
    may keep all others from asking.
    """
    if isinstance(error, ProviderRefusedError):
        if for_user and error.provider_error == _HTTP_401:
            return False
        return error.provider_error in _AGAINST_THE_CLIENT
    return isinstance(error, TemporarilyUnavailableError) and error.rule == "provider.rate"


def is_provider_away(error: Exception) -> bool:
    """Whether *error* says that the provider did not answer, or answered with a server error."""
    return isinstance(error, TemporarilyUnavailableError) and error.rule == PROVIDER_AWAY
