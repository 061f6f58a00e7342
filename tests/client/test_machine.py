"""Any order of requests, reports, outages, refusals and clock changes keeps the promises."""

import contextlib

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tokenvend_client import RefusedError, TemporarilyUnavailableError, Token, TokenvendError
from tokenvend_client.testing import FakeTokenvend, ManualClock
from tokenvend_client.waiting import JITTER_SHARE, REFUSAL_REMEMBERED, RETRY_AFTER_MAXIMUM

LIFETIME = 600
LONGEST_WAIT = RETRY_AFTER_MAXIMUM * (1 + JITTER_SHARE)


class Life(RuleBasedStateMachine):
    """One client and one credential, while time, tokens and answers change."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.fake = FakeTokenvend(clock=self.clock, expires_in=LIFETIME)
        self.client = self.fake.client()
        #: When each token was made, by the clock that nobody sets.
        self.made_at: dict[str, float] = {}
        self.last: Token | None = None
        self.replaced: set[str] = set()
        self.is_refused = self.is_away = False
        self.came_back_at = self.allowed_at = -1000.0

    @rule(seconds=st.floats(0, LIFETIME * 1.2, allow_nan=False))
    def time_goes_by(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.floats(-3600, 3600, allow_nan=False))
    def somebody_sets_the_clock(self, seconds: float) -> None:
        self.clock.wall_offset += seconds
        for issued in self.fake._issued.values():
            issued.issued_at += seconds

    @rule(min_ttl_seconds=st.sampled_from([0, 0, 0, 30, LIFETIME // 2]))
    def ask(self, min_ttl_seconds: int) -> None:
        asked_before, now = len(self.fake.calls), self.clock.seconds
        try:
            token = self.client.token("sr-jobs", min_ttl_seconds=min_ttl_seconds)
        except TemporarilyUnavailableError:
            assert self._may_be(self.is_away, self.came_back_at, LONGEST_WAIT)
            return
        except RefusedError:
            assert self._may_be(self.is_refused, self.allowed_at, REFUSAL_REMEMBERED)
            return
        self._given(token, min_ttl_seconds)
        # Whoever gets a token waited for one attempt, unless tokenvend was away meanwhile.
        if not self.clock.pauses:
            assert len(self.fake.calls) - asked_before <= 1
            assert self.clock.seconds == now

    @rule()
    def ask_a_hundred_times_at_once(self) -> None:
        with contextlib.suppress(TokenvendError):
            self.client.token("sr-jobs")
        asked_before = len(self.fake.calls)
        for _ in range(100):
            with contextlib.suppress(TokenvendError):
                self.client.token("sr-jobs")
        assert len(self.fake.calls) == asked_before

    @precondition(lambda self: self.last is not None)
    @rule()
    def an_api_refuses_the_token(self) -> None:
        assert self.last is not None
        refused = self.last
        try:
            token = self.client.replace(refused)
        except TokenvendError:
            assert self._may_be(self.is_away, self.came_back_at, LONGEST_WAIT) or self._may_be(
                self.is_refused, self.allowed_at, REFUSAL_REMEMBERED
            )
            return
        if token.token_sha256 != refused.token_sha256:
            self.replaced.add(refused.token_sha256)
        self._given(token, 0)

    @rule(retry_after=st.integers(1, 120))
    def tokenvend_goes_away(self, retry_after: int) -> None:
        self.is_away = True
        self.fake.go_away(retry_after_seconds=retry_after)

    @rule()
    def tokenvend_comes_back(self) -> None:
        self.is_away, self.came_back_at = False, self.clock.seconds
        self.fake.come_back()

    @rule(code=st.sampled_from(["invalid_client", "unauthorized_client", "provider_refused"]))
    def the_grant_is_taken_back(self, code: str) -> None:
        self.is_refused = True
        self.fake.refuse("sr-jobs", code)

    @rule()
    def the_grant_is_given_again(self) -> None:
        self.is_refused, self.allowed_at = False, self.clock.seconds
        self.fake.allow("sr-jobs")

    @invariant()
    def pauses_are_bounded(self) -> None:
        assert all(0 < pause <= 30 for pause in self.clock.pauses)
        self.clock.pauses.clear()

    def _may_be(self, is_so: bool, ended_at: float, remembered: float) -> bool:  # noqa: FBT001
        """Whether the client may say so: because it is so, or was a moment ago."""
        return is_so or self.clock.seconds <= ended_at + remembered

    def _given(self, token: Token, min_ttl_seconds: int) -> None:
        digest = token.token_sha256
        born = self.made_at.setdefault(digest, self.clock.seconds)
        left = born + LIFETIME - self.clock.seconds
        assert left > 0, "an expired token was given"
        # tokenvend says whole seconds.
        assert left >= min_ttl_seconds - 1, "a token that does not last was given"
        assert digest not in self.replaced, "a token that was replaced was given again"
        self.last = token


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40)
