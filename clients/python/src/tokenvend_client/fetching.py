"""Call tokenvend: make attempts, wait between them, and parse the answer."""

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

#: The time limit of one attempt, in seconds: slightly longer than API Gateway's own limit.
ATTEMPT_SECONDS = 30.0
#: The time limit of all attempts and waits, in seconds, for a caller without a valid token.
TOTAL_SECONDS_DEFAULT = 30.0
#: The time limit of the one attempt while a token is still valid, in seconds.
AHEAD_SECONDS = 5.0
#: The time limit for reporting a token that an API refused, in seconds.
REPORT_SECONDS = 10.0
_ATTEMPTS = 4

log = logging.getLogger("tokenvend_client")


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls tokenvend over one way in. Safe for threads."""

    way_in: WayIn
    clock: Clock
    total_seconds: float = TOTAL_SECONDS_DEFAULT

    @property
    def longest_seconds(self) -> float:
        """Return the longest time that `fetch` takes, in seconds, with a small margin."""
        return self.total_seconds + REPORT_SECONDS + AHEAD_SECONDS

    def fetch(self, request: TokenRequest, flight: Flight) -> CachedToken | Failure:
        """Fetch the token of *request* for *flight*; first report a refused token, if any."""
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
        """Make one attempt at a call that changes something and must not be repeated."""
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
        # A token that a user's token obtained must not be used after the user's token ends.
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
