"""When requests arrive: day and night, weekends, bursts, and a few tokens that everybody wants."""

from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from math import cos, exp, pi
from random import Random

DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
_BUSIEST_HOUR = 14
_WEEKEND = (5, 6)


class Zipf:
    """Draws 0, 1, 2, …: each next one is wanted less, as names are in every real system."""

    def __init__(self, count: int, exponent: float = 1.0) -> None:
        self._sums = list(accumulate(1 / (rank + 1) ** exponent for rank in range(count)))

    def draw(self, random: Random) -> int:
        """The rank of what is asked for."""
        return bisect(self._sums, random.random() * self._sums[-1])


def rate_at(instant: float, mean: float) -> float:
    """Requests a second at *instant*: 1.8 times the mean at the busiest hour, 0.2 at night."""
    hour = instant % DAY_SECONDS / HOUR_SECONDS
    level = 1 + 0.8 * cos((hour - _BUSIEST_HOUR) / 24 * 2 * pi)
    return mean * level * (0.4 if int(instant // DAY_SECONDS) % 7 in _WEEKEND else 1.0)


def arrivals(random: Random, *, mean: float, until: float) -> Iterator[float]:
    """The instants of single requests (a Poisson process whose rate changes, by thinning)."""
    instant, most = 0.0, mean * 1.8
    while (instant := instant + random.expovariate(most)) < until:
        if random.random() * most < rate_at(instant, mean):
            yield instant


def bursts(random: Random, *, until: float) -> Iterator[tuple[float, int]]:
    """Fan-outs: at some second of each hour, 10 to some hundreds of requests within a second."""
    hour = 0.0
    while hour < until:
        size = min(500, int(exp(random.gauss(4.0, 0.9))))
        yield hour + random.random() * (HOUR_SECONDS - 1), max(10, size)
        hour += HOUR_SECONDS
