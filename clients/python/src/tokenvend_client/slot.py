"""One token's place in the cache: what is held, who fetches, and what went wrong last."""

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tokenvend_client.clock import Instant
from tokenvend_client.errors import Failure
from tokenvend_client.held import Freshness, Held, hold_briefly
from tokenvend_client.request import TokenRequest
from tokenvend_client.token import Token
from tokenvend_client.waiting import REFUSAL_REMEMBERED, wait_seconds

#: The same token is reported again after this many seconds: a worker of tokenvend may go on
#: answering it from memory for that long.
REPORT_AGAIN_AFTER = 30.0
#: What a fetch leaves behind whose caller was interrupted: nothing is known of tokenvend by it.
ABANDONED = Failure("Whoever asked for this token was interrupted.")


class Flight:
    """One fetch under way: one caller makes it, the others wait for its outcome.

    `reported` is the token that an API refused, if this fetch is to replace it. `spare` is what
    is answered if the fetch fails. `wait_seconds` is how long tokenvend must be left alone first.
    """

    __slots__ = ("ahead", "future", "min_ttl_seconds", "reported", "spare", "wait_seconds")

    def __init__(
        self,
        *,
        min_ttl_seconds: int,
        spare: Held | None,
        reported: Token | None = None,
        wait_seconds: float = 0,
    ) -> None:
        self.future: Future[Held | Failure] = Future()
        # Running: a waiting task that is cancelled cannot cancel what others wait for.
        self.future.set_running_or_notify_cancel()
        self.min_ttl_seconds = min_ttl_seconds
        self.spare = spare
        self.reported = reported
        self.wait_seconds = max(wait_seconds, 0.0)
        #: Whether others go on with a valid token meanwhile.
        self.ahead = spare is not None


class Lead(NamedTuple):
    """A flight that this caller has to make."""

    flight: Flight


#: A token, the failure that is remembered, a fetch to make, or one to wait for.
Step = Token | Failure | Lead | Flight


@dataclass(slots=True, eq=False)
class Slot:
    """Everything known of one token. Written under the cache's lock; `held` is read freely."""

    request: TokenRequest
    held: Held | None = None
    flight: Flight | None = None
    failure: Failure | None = None
    failures: int = 0
    #: Whether the failure met nobody: there was a valid token then.
    failed_ahead: bool = False
    ask_again_at: Instant = field(default=Instant(0.0, 0.0))
    reported_sha256: str = ""
    report_again_at: Instant = field(default=Instant(0.0, 0.0))

    def next_step(self, now: Instant, min_ttl_seconds: int) -> Step:
        """The token in hand, the failure that is remembered, a fetch to wait for or to make."""
        held = self.held
        freshness = held.freshness(now, min_ttl_seconds) if held else Freshness.EXPIRED
        usable = held if freshness is not Freshness.EXPIRED else None
        if usable and (
            freshness is Freshness.FRESH or self.flight or now.seconds_until(self.ask_again_at) > 0
        ):
            return usable.token
        if self.flight:
            return self.flight
        wait = now.seconds_until(self.ask_again_at) if self.failure else 0.0
        if self.failure and wait > 0 and not self.failed_ahead:
            return replace(self.failure, retry_after_seconds=wait)
        self.flight = Flight(min_ttl_seconds=min_ttl_seconds, spare=usable, wait_seconds=wait)
        return Lead(self.flight)

    def next_step_after_refusal(self, now: Instant, refused: Token) -> Step:
        """The same for a caller whose *refused* token an API would not take."""
        held = self.held
        if held is not None and held.freshness(now) is Freshness.EXPIRED:
            return self.next_step(now, 0)
        if held is not None and held.token.token_sha256 != refused.token_sha256:
            return held.token
        if self.flight:
            return self.flight
        waits = self.failure is not None and now.seconds_until(self.ask_again_at) > 0
        if held is None and (waits or now.wall >= refused.expires_at.timestamp()):
            return self.next_step(now, 0)
        if held is not None and (waits or self._was_just_reported(refused, now)):
            return held.token
        self.flight = Flight(min_ttl_seconds=0, spare=held, reported=refused)
        # Nobody goes on with a token that was just refused.
        self.held, self.flight.ahead = None, False
        return Lead(self.flight)

    def _was_just_reported(self, token: Token, now: Instant) -> bool:
        is_the_same = self.reported_sha256 == token.token_sha256
        return is_the_same and now.seconds_until(self.report_again_at) > 0

    def land(self, flight: Flight, outcome: Held | Failure, now: Instant) -> Held | Failure:
        """Note how *flight* ended, and give what those who wait for it get."""
        if self.flight is flight:
            self.flight = None
        if isinstance(outcome, Held):
            self.failure, self.failures = None, 0
            self.held = self._after_report(flight, outcome, now)
            return self.held
        if outcome is ABANDONED:
            self.held = self.held or flight.spare
            return outcome
        if outcome.code == "consent_required":
            # A user may have consented by the next request.
            self.held = None
            return outcome
        self._note(outcome, now, ahead=flight.ahead, alone=flight.min_ttl_seconds > 0)
        spare = flight.spare
        if outcome.forbids:
            self.held = self.held if flight.min_ttl_seconds > 0 else None
            return outcome
        if spare and spare.freshness(now, flight.min_ttl_seconds) is not Freshness.EXPIRED:
            self.held = self.held or spare
            return spare
        return outcome

    def _after_report(self, flight: Flight, held: Held, now: Instant) -> Held:
        """A token that came again although it was reported is not reported at each refusal."""
        reported = flight.reported
        if reported is None or reported.token_sha256 != held.token.token_sha256:
            return held
        self.reported_sha256 = reported.token_sha256
        self.report_again_at = now.after(REPORT_AGAIN_AFTER)
        return hold_briefly(held, now=now)

    def _note(self, failure: Failure, now: Instant, *, ahead: bool, alone: bool) -> None:
        if alone and not failure.retryable:
            # It says no to a life that long, not to the token.
            return
        self.failure = failure
        self.failures += 1
        self.failed_ahead = ahead and failure.retryable
        wait = REFUSAL_REMEMBERED
        if failure.retryable:
            wait = wait_seconds(failure.retry_after_seconds, self.failures)
        self.ask_again_at = now.after(wait)
