"""Many environments of one caller, for the tests of its quota."""

import random
from collections.abc import Iterator
from datetime import timedelta

from tests.fakes.clock import START
from tests.fakes.quota_store import InMemoryQuotas

from tokenvend.domain import bounds
from tokenvend.domain.errors import TooManyRequestsError
from tokenvend.domain.quota import quota_of
from tokenvend.domain.registry import Caller
from tokenvend.vending.caller_quotas import CallerQuotas

BILLING = Caller(name="billing", requests_per_minute=60, burst=10)
HELD = bounds.QUOTA_BATCH_HELD.total_seconds()


class Fleet:
    """Environments that share one table of quotas; `granted`: the seconds of what they let in."""

    def __init__(self, caller: Caller = BILLING, *, environments: int = 1) -> None:
        self.caller = caller
        self.store = InMemoryQuotas()
        self.environments = [CallerQuotas(self.store) for _ in range(environments)]
        self.granted: list[float] = []
        self.refused = 0

    def ask(self, at: float, environment: int = 0) -> int:
        """Ask once, *at* so many seconds after the start; the `Retry-After`, 0 where let in."""
        limits = self.environments[environment]
        try:
            limits.check(self.caller, START + timedelta(seconds=at))
        except TooManyRequestsError as error:
            self.refused += 1
            return error.retry_after_seconds
        self.granted.append(at)
        return 0

    def crash(self, environment: int) -> None:
        """End one environment, with the permits it holds; another takes its place."""
        self.environments[environment] = CallerQuotas(self.store)

    def most_within(self, seconds: float) -> int:
        """The most that was let in within any *seconds* on end."""
        times, first, most = sorted(self.granted), 0, 0
        for last, at in enumerate(times):
            while times[first] < at - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def bound(self, seconds: float) -> float:
        """What docs/bounds.md promises for *seconds* on end."""
        quota = quota_of(self.caller)
        return quota.burst + quota.requests_per_minute * (seconds + HELD) / 60


def poisson(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Instants of independent requests, *rate* a second, for so many *seconds*."""
    generator, at = random.Random(seed), 0.0  # noqa: S311
    while (at := at + generator.expovariate(rate)) < seconds:
        yield at
