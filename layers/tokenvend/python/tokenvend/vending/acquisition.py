"""One token to acquire, and whether the token in the table will do by `domain/freshness.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.credential_state import CredentialState
from tokenvend.domain.failure import Failure
from tokenvend.domain.freshness import (
    Usability,
    renewable_from,
    schedule_missed_from,
    usability_of,
)
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, TokenItem
from tokenvend.vending.exchange import ExchangeRequest

if TYPE_CHECKING:  # few requests are a user's
    from tokenvend.domain.users import UserToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """The token to acquire, and how long there is to get it.

    `deadline` is the end of this invocation, in the clock's monotonic seconds; no wall clock is
    trusted for it. `is_renewal`: no caller waits, so a token is replaced as soon as it is due.
    `user_token` is that of the user on whose behalf the token is requested.
    """

    spec: TokenSpec
    key: str
    definition: CredentialDefinition
    state: CredentialState
    deadline: float
    min_ttl: timedelta = timedelta(0)
    is_renewal: bool = False
    user_token: UserToken | None = None

    @property
    def exchange_request(self) -> ExchangeRequest:
        """What to request from the provider."""
        return ExchangeRequest(
            self.definition, self.spec, self.state.secret_generation, self.deadline, self.user_token
        )

    def usability(self, item: TokenItem, now: datetime) -> Usability:
        """Return whether the token in *item* is good enough.

        A token that was issued before the secret changed is still valid: one request replaces it,
        the others answer it. A token shorter than `min_ttl` is unusable for this request only.
        """
        token = item.token
        if token is None or item.is_rejected:
            return Usability.UNUSABLE
        usability = usability_of(
            self.key,
            token,
            now,
            min_ttl=self.min_ttl,
            replaceable_from=self._replaceable_from(token, is_in_use=item.is_in_use),
        )
        is_of_old_secret = token.secret_generation != self.state.secret_generation
        if usability is Usability.USABLE and is_of_old_secret:
            return Usability.REPLACEABLE
        return usability

    def _replaceable_from(self, token: AccessToken, *, is_in_use: bool) -> datetime | None:
        """From when on this request replaces *token* although it is not overdue; `None`: never."""
        if self.is_renewal:
            # If it is not in use, a request has replaced the token that the renewal came for.
            return renewable_from(self.key, token) if is_in_use else None
        # No request came for most of a lifetime, and the schedule would be late: replace it then.
        return None if is_in_use else schedule_missed_from(self.key, token)

    def current_backoff(self, item: TokenItem, now: datetime) -> Failure | None:
        """Return the failure whose back-off runs until its `retry_at`; `None` if none does."""
        for failure in (self.state.failure, item.failure):
            if failure is None or failure.secret_generation != self.state.secret_generation:
                continue
            if now < failure.retry_at:
                return failure
        return None

    def time_left(self, clock: Clock) -> timedelta:
        """The time until the deadline."""
        return timedelta(seconds=self.deadline - clock.monotonic())

    def has_time_to_exchange(self, clock: Clock) -> bool:
        """Whether an exchange that starts now ends before the deadline."""
        return self.time_left(clock) >= bounds.EXCHANGE_NEEDS
