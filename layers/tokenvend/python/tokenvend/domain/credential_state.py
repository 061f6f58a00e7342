"""The state of a credential (or tenant) that all environments share: its secret, its failures."""

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

#: The code for a 401 whose body has no `error` code.
_HTTP_401 = "http_401"
#: Errors that concern the client itself, whichever token it requests (RFC 6749 §5.2).
#: `unauthorized_client` is not one of them: a provider may answer it because of one scope, and one
#: caller's request must not stop the requests of all others.
_AGAINST_THE_CLIENT = frozenset({"invalid_client", _HTTP_401})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedExchange:
    """What the newest exchanges showed. Only shown to the operator: no decision depends on it."""

    lifetime_seconds: int
    lifetime_source: LifetimeSource
    secret_stage: SecretStage

    def is_like(self, other: "ObservedExchange | None") -> bool:
        """Whether *other* is the same, with lifetimes that differ by at most a minute."""
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
    """Return what is observed of the exchange that gave *token*."""
    return ObservedExchange(
        lifetime_seconds=int(token.lifetime.total_seconds()),
        lifetime_source=token.lifetime_source,
        secret_stage=token.secret_stage,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderOutage:
    """A row of exchanges that failed because the provider was away.

    `failures` counts them up to `bounds.PROVIDER_AWAY_FAILURES`. Only shown to the operator: each
    token's own `Failure` decides when the provider is tried again.
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
    """Return the outage with one more failed exchange counted."""
    if previous is None:
        return ProviderOutage(since=now)
    return replace(previous, failures=min(previous.failures + 1, bounds.PROVIDER_AWAY_FAILURES))


class ScheduledReader(StrEnum):
    """A scheduled function that reads secrets. No caller sees its errors, so they are recorded."""

    RENEWAL = "renewal"
    KEEP_ALIVE = "keep_alive"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialState:
    """The state of one credential or tenant.

    `secret_generation` changes with the secret; it is empty until the secret has changed once.
    `failure` is the newest refusal of the whole credential. A new generation has none, so that a
    changed secret is tried at once. `outage` is set while the provider is away. `not_ready_for` are
    the scheduled functions that could not use the secret when they last tried.
    """

    secret_generation: str = ""
    failure: Failure | None = None
    observed: ObservedExchange | None = None
    outage: ProviderOutage | None = None
    not_ready_for: frozenset[ScheduledReader] = frozenset()


UNKNOWN_STATE = CredentialState()


def concerns_credential(error: Exception, *, for_user: bool = False) -> bool:
    """Whether *error* concerns every token of the credential, not only the requested one.

    *for_user* says that the token was requested on behalf of a user. A 401 without an error code
    may then be about that user's token, so it must not stop the requests of other users.
    """
    if isinstance(error, ProviderRefusedError):
        if for_user and error.provider_error == _HTTP_401:
            return False
        return error.provider_error in _AGAINST_THE_CLIENT
    return isinstance(error, TemporarilyUnavailableError) and error.rule == "provider.rate"


def is_provider_away(error: Exception) -> bool:
    """Whether *error* says that the provider did not answer, or answered with a server error."""
    return isinstance(error, TemporarilyUnavailableError) and error.rule == PROVIDER_AWAY
