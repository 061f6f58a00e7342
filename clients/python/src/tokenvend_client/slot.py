"""One token's slot in the cache: the cached token, the current fetch, and the last failure."""

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tokenvend_client.cached_token import CachedToken, Freshness, stale_soon
from tokenvend_client.clock import Instant
from tokenvend_client.errors import Failure
from tokenvend_client.request import TokenRequest
from tokenvend_client.token import Token
from tokenvend_client.waiting import REFUSAL_REMEMBERED, wait_seconds

#: The same token is reported again only after this many seconds, because an environment of
#: tokenvend may answer it from memory for that long.
REPORT_AGAIN_AFTER = 30.0
#: The outcome of a fetch whose caller was interrupted, which says nothing about tokenvend.
ABANDONED = Failure("Whoever asked for this token was interrupted.")


class Flight:
    """One fetch in progress: one caller makes it, the others wait for its outcome.

    `reported` is the token that an API refused, if this fetch must replace it. `fallback` is
    returned if the fetch fails. `wait_seconds` is how long to wait before calling tokenvend.
    """

    __slots__ = ("ahead", "fallback", "future", "min_ttl_seconds", "reported", "wait_seconds")

    def __init__(
        self,
        *,
        min_ttl_seconds: int,
        fallback: CachedToken | None,
        reported: Token | None = None,
        wait_seconds: float = 0,
    ) -> None:
        self.future: Future[CachedToken | Failure] = Future()
        # Marked as running, so that a cancelled task cannot cancel what others wait for.
        self.future.set_running_or_notify_cancel()
        self.min_ttl_seconds = min_ttl_seconds
        self.fallback = fallback
        self.reported = reported
        self.wait_seconds = max(wait_seconds, 0.0)
        #: Whether other callers still have a valid token meanwhile.
        self.ahead = fallback is not None


class Lead(NamedTuple):
    """A fetch that this caller must make."""

    flight: Flight


#: The next step: a token, a remembered failure, a fetch to make, or one to wait for.
Step = Token | Failure | Lead | Flight


@dataclass(slots=True, eq=False)
class Slot:
    """The state of one token. Written under the cache's lock; `cached` is read without it."""

    request: TokenRequest
    cached: CachedToken | None = None
    flight: Flight | None = None
    failure: Failure | None = None
    failures: int = 0
    #: Whether no caller has seen the failure, because there was still a valid token.
    failed_ahead: bool = False
    ask_again_at: Instant = field(default=Instant(0.0, 0.0))
    reported_sha256: str = ""
    report_again_at: Instant = field(default=Instant(0.0, 0.0))

    def next_step(self, now: Instant, min_ttl_seconds: int) -> Step:
        """Return the cached token, the remembered failure, or a fetch to wait for or to make."""
        cached = self.cached
        freshness = cached.freshness(now, min_ttl_seconds) if cached else Freshness.EXPIRED
        usable = cached if freshness is not Freshness.EXPIRED else None
        if usable and (
            freshness is Freshness.FRESH or self.flight or now.seconds_until(self.ask_again_at) > 0
        ):
            return usable.token
        if self.flight:
            return self.flight
        wait = now.seconds_until(self.ask_again_at) if self.failure else 0.0
        if self.failure and wait > 0 and not self.failed_ahead:
            return replace(self.failure, retry_after_seconds=wait)
        # No caller has seen this refusal yet, and its cause may have been fixed.
        wait = wait if self.failure and self.failure.retryable else 0.0
        self.flight = Flight(min_ttl_seconds=min_ttl_seconds, fallback=usable, wait_seconds=wait)
        return Lead(self.flight)

    def next_step_after_refusal(self, now: Instant, refused: Token) -> Step:
        """Do the same for a caller whose token *refused* was refused by an API."""
        cached = self.cached
        if cached is not None and cached.freshness(now) is Freshness.EXPIRED:
            return self.next_step(now, 0)
        if cached is not None and cached.token.token_sha256 != refused.token_sha256:
            return cached.token
        if self.flight:
            return self.flight
        waits = self.failure is not None and now.seconds_until(self.ask_again_at) > 0
        if cached is None and (waits or now.wall >= refused.expires_at.timestamp()):
            return self.next_step(now, 0)
        if cached is not None and (waits or self._was_just_reported(refused, now)):
            return cached.token
        self.flight = Flight(min_ttl_seconds=0, fallback=cached, reported=refused)
        # No caller continues with a token that was just refused.
        self.cached, self.flight.ahead = None, False
        return Lead(self.flight)

    def _was_just_reported(self, token: Token, now: Instant) -> bool:
        is_the_same = self.reported_sha256 == token.token_sha256
        return is_the_same and now.seconds_until(self.report_again_at) > 0

    def finish(
        self, flight: Flight, outcome: CachedToken | Failure, now: Instant
    ) -> CachedToken | Failure:
        """Record the outcome of *flight*, and return what its waiting callers get."""
        if self.flight is flight:
            self.flight = None
        if isinstance(outcome, CachedToken):
            self.failure, self.failures = None, 0
            self.cached = self._after_report(flight, outcome, now)
            return self.cached
        if outcome is ABANDONED:
            self.cached = self.cached or flight.fallback
            return outcome
        if outcome.code == "consent_required":
            # Not remembered: the user may have consented by the next request.
            self.cached = None
            return outcome
        self._note(outcome, now, flight)
        fallback = flight.fallback
        if outcome.forbids:
            self.cached = self.cached if flight.min_ttl_seconds > 0 else None
            return outcome
        if fallback and fallback.freshness(now, flight.min_ttl_seconds) is not Freshness.EXPIRED:
            self.cached = self.cached or fallback
            return fallback
        return outcome

    def _after_report(self, flight: Flight, cached: CachedToken, now: Instant) -> CachedToken:
        """Limit the reports of a token that was answered again although it had been reported."""
        reported = flight.reported
        if reported is None or reported.token_sha256 != cached.token.token_sha256:
            return cached
        self.reported_sha256 = reported.token_sha256
        self.report_again_at = now.after(REPORT_AGAIN_AFTER)
        return stale_soon(cached, now=now)

    def _note(self, failure: Failure, now: Instant, flight: Flight) -> None:
        if flight.min_ttl_seconds > 0 and not failure.retryable:
            # tokenvend refused the requested lifetime, not the token.
            return
        self.failure = failure
        self.failures += 1
        self.failed_ahead = flight.ahead
        wait = REFUSAL_REMEMBERED
        if failure.retryable or flight.fallback:
            wait = wait_seconds(failure.retry_after_seconds, self.failures)
        self.ask_again_at = now.after(wait)
