"""Thirty days of a busy account, and what they cost in exchanges, waits, reads and writes."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil, inf

from simulation.callers import RequestOutcome, TokenDemand, add_wish, asking
from simulation.cloud import Cloud, SimulatedEnvironment
from simulation.fleet import Fleet, Schedule
from simulation.kernel import Kernel
from simulation.load import Kind, Limits
from simulation.workload import DAY_SECONDS, HOUR_SECONDS, Zipf, arrivals, bursts
from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.token import clock_skew_allowance

#: How long tokens live, and how many of ten credentials have it so.
LIFETIMES = (1800, 3600, 1800, 3600, 600, 1800, 3600, 300, 1800, 900)


@dataclass(slots=True)
class Use:
    """How one token was asked for: stretches in which it never rested for a whole lifetime."""

    began_at: float = -inf
    last_at: float = -inf
    answered_at: float = -inf
    stretches: list[float] = field(default_factory=list)

    def count_request(self, now: float, lifetime: int) -> None:
        """Note a request."""
        if now - self.last_at > lifetime:
            self.close()
            self.began_at = now
        self.last_at = now

    def close(self) -> None:
        """End the stretch that is under way."""
        if self.began_at > -inf:
            self.stretches.append(self.last_at - self.began_at)

    def least(self, lifetime: float) -> int:
        """The least exchanges if each token served for *lifetime*."""
        return sum(max(1, ceil(stretch / lifetime)) for stretch in self.stretches)


class Month:
    """The simulation: run it, then read it."""

    def __init__(self, *, days: float, rate: float, credentials: int, seed: int) -> None:
        random.seed(seed)
        self.days, self.rate = days, rate
        self.kernel = Kernel(seed)
        self.cloud = Cloud(self.kernel, limits=Limits())
        self.fleet = Fleet(self.cloud)
        self.schedule = Schedule(self.cloud)
        self.wishes = [
            add_wish(self.cloud, f"c{number:03}", lifetime=LIFETIMES[number % len(LIFETIMES)])
            for number in range(credentials)
        ]
        self.uses = {wish: Use() for wish in self.wishes}
        self.sources: Counter[str] = Counter()
        self.refused = 0
        self.waits_at_first = 0
        self.waits_after_first: list[tuple[float, int]] = []
        self.waits_after_rest: list[tuple[float, int]] = []
        self.longest_wait = 0.0
        self.by_hour: list[dict[str, float]] = []
        self._wanted = Zipf(credentials)

    def run(self, progress: Callable[[float], None]) -> None:
        """Let the days pass; *progress* is told the share that is over."""
        until = self.days * DAY_SECONDS
        self._arrivals = arrivals(self.kernel.random, mean=self.rate, until=until)
        self._bursts = bursts(self.kernel.random, until=until)
        self._next_arrival()
        self._next_burst()
        while self.kernel.now < until:
            self.kernel.run(until=self.kernel.now + HOUR_SECONDS)
            self.by_hour.append(self._counts())
            progress(self.kernel.now / until)
        self.kernel.run(until=until + 60)
        for use in self.uses.values():
            use.close()

    def _next_arrival(self) -> None:
        instant = next(self._arrivals, None)
        if instant is not None:
            self.kernel.call_at(instant, self._arrive)

    def _arrive(self) -> None:
        self._ask(self._any_wish())
        self._next_arrival()

    def _next_burst(self) -> None:
        burst = next(self._bursts, None)
        if burst is not None:
            self.kernel.call_at(burst[0], lambda: self._fan_out(burst[1]))

    def _fan_out(self, size: int) -> None:
        wish = self._any_wish()
        for _ in range(size):
            instant = self.kernel.now + self.kernel.random.random() * _BURST_SECONDS
            self.kernel.call_at(instant, lambda: self._ask(wish))
        self._next_burst()

    def _any_wish(self) -> TokenDemand:
        return self.wishes[self._wanted.draw(self.kernel.random)]

    def _ask(self, wish: TokenDemand) -> None:
        use = self.uses[wish]
        # Whoever comes while the first is not answered yet waits with it, not after it.
        rested = self.kernel.now - use.answered_at
        use.count_request(self.kernel.now, wish.lifetime)

        def request(environment: SimulatedEnvironment) -> Callable[[], None]:
            return asking(self.cloud, environment, wish, done)

        def done(outcome: RequestOutcome) -> None:
            self._judge(outcome, rested)

        self.fleet.run(request)

    def _judge(self, outcome: RequestOutcome, rested: float) -> None:
        """Count *outcome*; *rested* is how long ago somebody was answered before."""
        self.uses[outcome.wish].answered_at = self.kernel.now
        if outcome.vended is None:
            self.refused += 1
            return
        self.sources[outcome.vended.answer.source] += 1
        took = outcome.ended_at - outcome.requested_at
        if outcome.vended.answer.source is not Source.PROVIDER and took < _WAITED_SECONDS:
            return
        self.longest_wait = max(self.longest_wait, took)
        lifetime = outcome.wish.lifetime
        if rested > lifetime:
            self.waits_at_first += 1
        elif rested > bounds.RENEWAL_DUE * lifetime:
            self.waits_after_rest.append((outcome.requested_at, lifetime))
        else:
            self.waits_after_first.append((outcome.requested_at, lifetime))

    def _counts(self) -> dict[str, float]:
        return {
            "exchanges": self.cloud.provider.inner.exchanges,
            "requests": sum(self.sources.values()) + self.refused,
            "reads": self.cloud.meter.calls[Kind.READ],
            "writes": self.cloud.meter.calls[Kind.WRITE],
            "environments": self.fleet.started,
            "renewed": self.schedule.renewed,
        }

    def exchanges_by_lifetime(self) -> dict[int, dict[str, int]]:
        """For each lifetime: exchanges, the least possible, and one per lifetime."""
        made: Counter[str] = Counter(each.url for each in self.cloud.provider.issued.values())
        rows: dict[int, dict[str, int]] = {}
        for wish, use in self.uses.items():
            row = rows.setdefault(
                wish.lifetime,
                dict.fromkeys(
                    ("exchanges", "least_possible", "least_of_trusted_life", "one_per_lifetime"), 0
                ),
            )
            life = timedelta(seconds=wish.lifetime)
            trusted = (life - clock_skew_allowance(life)).total_seconds()
            row["least_of_trusted_life"] += use.least(bounds.RENEWAL_DUE * trusted)
            row["exchanges"] += made[f"https://login.{wish.name}.example/token"]
            row["least_possible"] += use.least(bounds.RENEWAL_DUE * wish.lifetime)
            row["one_per_lifetime"] += use.least(wish.lifetime)
        return dict(sorted(rows.items()))


_BURST_SECONDS = 0.1
#: Longer than any read, its retry included, takes when nobody has to be waited for.
_WAITED_SECONDS = 0.15
