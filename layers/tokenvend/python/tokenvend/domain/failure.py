"""A provider that is away or refuses: what requests get, and when it is asked again (back-off).

Until `retry_at` nothing is sent. A request gets the stored token while that is valid, and
without one the error of `Failure.to_error`. From `retry_at` on one request asks, the holder of the
lease. The wait doubles from `bounds.BACKOFF_FIRST` to `bounds.BACKOFF_MAXIMUM` with each failure.

Away: the failure holds for one token. Refused as a client, or asked too often: it holds for all
tokens of the credential, by `vending/circuit_breaker.py`. A provider that refuses one token's
scopes or audience stops that token only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tokenvend.domain import bounds
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The newest failed exchange. No request is sent to the provider before `retry_at`.

    `provider_error` is the provider's `error` code if it refused, `None` if it was away. `count` is
    how many exchanges have failed in a row. `secret_generation` is that of the secret that was
    used, so that a changed secret is tried at once.
    """

    provider_error: str | None
    count: int
    retry_at: datetime
    secret_generation: str = ""

    def retry_after_seconds(self, now: datetime) -> int:
        """Whole seconds until the next try, at least 1."""
        return max(1, -int((now - self.retry_at).total_seconds() // 1))

    def to_error(self, now: datetime) -> TokenVendError:
        """Return the error with which a request before `retry_at` is answered."""
        if self.provider_error is not None:
            return ProviderRefusedError(
                f"The provider refused this credential: {self.provider_error}.",
                provider_error=self.provider_error,
            )
        return TemporarilyUnavailableError(
            "The provider did not answer well lately; it is left alone until the time given.",
            rule="provider.backoff",
            retry_after_seconds=self.retry_after_seconds(now),
        )


def failure_after(
    previous: Failure | None,
    error: TokenVendError,
    *,
    now: datetime,
    jitter: float,
    secret_generation: str = "",
) -> Failure:
    """Return the record of *error*, with a back-off that doubles up to `bounds.BACKOFF_MAXIMUM`.

    *jitter* in [0, 1) shortens the wait by up to a quarter. The provider's `Retry-After` is used
    instead if it is longer, up to the same maximum. Failures with another *secret_generation* are
    not counted.
    """
    count = (
        previous.count + 1 if previous and previous.secret_generation == secret_generation else 1
    )
    doublings = min(count - 1, 20)
    wait = min(bounds.BACKOFF_FIRST * 2**doublings, bounds.BACKOFF_MAXIMUM) * (1 - jitter / 4)
    if isinstance(error, TemporarilyUnavailableError):
        requested_wait = timedelta(seconds=error.retry_after_seconds)
        wait = min(max(wait, requested_wait), bounds.BACKOFF_MAXIMUM)
    provider_error = error.provider_error if isinstance(error, ProviderRefusedError) else None
    return Failure(
        provider_error=provider_error,
        count=count,
        retry_at=now + wait,
        secret_generation=secret_generation,
    )
