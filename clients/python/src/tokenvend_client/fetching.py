"""Calls of tokenvend: attempts, waits between them, and what is made of the answer."""

import logging
from dataclasses import dataclass

from tokenvend_client.answers import parse_token
from tokenvend_client.cached_token import CachedToken, ending_by
from tokenvend_client.clock import Clock, Instant
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call, TokenRequest
from tokenvend_client.slot import Flight
from tokenvend_client.token import Token
from tokenvend_client.waiting import wait_seconds
from tokenvend_client.ways_in import Document, WayIn

#: One attempt may take this many seconds: a little longer than API Gateway lets tokenvend take.
ATTEMPT_SECONDS = 30.0
#: All attempts and the waits between them, where the caller has no token to go on with.
TOTAL_SECONDS_DEFAULT = 30.0
#: The one attempt while there is a valid token: whoever asks ahead waits no longer.
AHEAD_SECONDS = 5.0
#: The report of a token that an API refused.
REPORT_SECONDS = 10.0
_ATTEMPTS = 4

log = logging.getLogger("tokenvend_client")


@dataclass(frozen=True, slots=True)
class Caller:
    """Makes calls over one way in. Safe for threads."""

    way_in: WayIn
    clock: Clock
    total_seconds: float = TOTAL_SECONDS_DEFAULT

    @property
    def longest_seconds(self) -> float:
        """The longest that `fetch` takes, with a little for what is between its attempts."""
        return self.total_seconds + REPORT_SECONDS + AHEAD_SECONDS

    def fetch(self, request: TokenRequest, flight: Flight) -> CachedToken | Failure:
        """The token of *request* for those who wait for *flight*; a report goes before it."""
        if flight.reported is not None:
            self._report(request, flight.reported)
        parameters = request.parameters()
        if flight.min_ttl_seconds:
            parameters["min_ttl_seconds"] = str(flight.min_ttl_seconds)
        call = Call(request.credential, parameters=parameters, user=request.user)
        started = self.clock.now()
        budget = AHEAD_SECONDS if flight.ahead else self.total_seconds
        if flight.wait_seconds:
            self.clock.sleep(min(flight.wait_seconds, budget / 2))
        for failures in range(1, _ATTEMPTS + 1):
            requested_at = self.clock.now()
            left = budget - (requested_at.monotonic - started.monotonic)
            outcome = self._attempt(call, request, requested_at, left)
            if isinstance(outcome, CachedToken) or not outcome.retryable or flight.ahead:
                break
            wait = wait_seconds(outcome.retry_after_seconds, failures)
            redeemed = self.clock.now().monotonic - started.monotonic
            if failures == _ATTEMPTS or redeemed + wait >= budget:
                break
            self.clock.sleep(wait)
        _log_outcome(request, outcome)
        return outcome

    def send(self, call: Call) -> Document | Failure:
        """One attempt at a call that is not repeated: it changes something."""
        return self.way_in.send(call, timeout_seconds=ATTEMPT_SECONDS)

    def _attempt(
        self, call: Call, request: TokenRequest, requested_at: Instant, seconds: float
    ) -> CachedToken | Failure:
        answer = self.way_in.send(call, timeout_seconds=min(seconds, ATTEMPT_SECONDS))
        if isinstance(answer, Failure):
            return answer
        cached = parse_token(answer.reveal(), request, requested_at=requested_at)
        if cached is None:
            return Failure("The answer is no token that can be used.")
        if request.user is None or request.user.ends_at is None:
            return cached
        # What a user's token brought is not answered to whoever still has it after its end.
        return ending_by(cached, request.user.ends_at, now=requested_at)

    def _report(self, request: TokenRequest, token: Token) -> None:
        parameters = {**request.parameters(), "token_sha256": token.token_sha256}
        report = Call(request.credential, "token/reject", parameters, request.user)
        outcome = self.way_in.send(report, timeout_seconds=REPORT_SECONDS)
        said = outcome.code if isinstance(outcome, Failure) else "accepted"
        log.info("reported %r of %s: %s", token, request.credential, said)


def _log_outcome(request: TokenRequest, outcome: CachedToken | Failure) -> None:
    if isinstance(outcome, CachedToken):
        log.debug("fetched %r for %s", outcome.token, request.credential)
    else:
        log.warning("no token for %s: %s", request.credential, outcome.code)
