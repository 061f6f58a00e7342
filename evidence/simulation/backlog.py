"""100 000 tokens in use, and a schedule that has to renew them all in time.

Two cases. *evenly*: the tokens were made over one renewal period, as in a running account; what
is due in each minute is renewed in it. *at once*: all were made in the same minute, as after an
outage, and all fall due within two.
"""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from simulation.callers import add_wish
from simulation.clock import START, true_time
from simulation.cloud import Cloud
from simulation.fleet import Schedule
from simulation.kernel import Kernel
from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.freshness import due_at, overdue_at
from tokenvend.domain.renewal import slot_of_token
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, clock_skew_allowance
from tokenvend.ports import TokenItem

_LIFETIME = timedelta(minutes=30)
_CREDENTIALS = 100
_SAMPLED_EVERY_SECONDS = 10.0
_COMES_AT_SECOND = 37.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What became of one.

    `curve` is one (seconds, tokens due and not yet renewed) for every ten seconds; `overdue` is
    how many were not renewed before a request had to do it.
    """

    tokens: int
    at_once: bool
    minutes: float
    fell_due: int
    renewed: int
    overdue: int
    most_waiting: int
    renewed_a_second: float
    longest_behind_seconds: float
    curve: tuple[tuple[float, int], ...]

    def to_dict(self) -> dict[str, object]:
        """For a program to read."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Due:
    key: str
    due_at: datetime
    overdue_at: datetime


def backlog(
    tokens: int,
    *,
    seed: int,
    at_once: bool,
    minutes: float,
    progress: Callable[[float], None] = lambda _: None,
) -> Backlog:
    """Fill the table with *tokens*, all asked for, and let the schedule run for *minutes*."""
    random.seed(seed)
    kernel = Kernel(seed)
    cloud = Cloud(kernel)
    held = _fill(cloud, tokens, at_once=at_once)
    # The schedule comes at some second of each minute.
    began = kernel.now = (_first_due(held) if at_once else 0.0) + _COMES_AT_SECOND
    Schedule(cloud)
    watch = _Watch(cloud, held)
    while kernel.now < began + 60 * minutes:
        kernel.run(until=kernel.now + _SAMPLED_EVERY_SECONDS)
        watch.look(kernel.now - began)
        progress((kernel.now - began) / (60 * minutes))
    return watch.judged(tokens, at_once=at_once, minutes=minutes)


class _Watch:
    """Looks every ten seconds at what is due and still the token that was there at first."""

    def __init__(self, cloud: Cloud, held: list[_Due]) -> None:
        self._cloud = cloud
        self._left = sorted(held, key=lambda each: each.due_at)
        self._made_before = true_time(cloud.kernel)
        self._before = cloud.provider.inner.exchanges
        self._curve: list[tuple[float, int]] = []
        self._overdue: set[str] = set()
        self._fell_due = 0
        self._longest = timedelta(0)

    def look(self, elapsed: float) -> None:
        """Count what waits now."""
        now, items = true_time(self._cloud.kernel), self._cloud.tokens.everything()
        waiting = [each for each in self._left if each.due_at <= now and self._waits(each, items)]
        self._overdue.update(each.key for each in waiting if each.overdue_at <= now)
        self._longest = max([self._longest, *(now - each.due_at for each in waiting)])
        self._fell_due = sum(self._made_before <= each.due_at <= now for each in self._left)
        self._curve.append((elapsed, len(waiting)))

    def _waits(self, due: _Due, items: dict[str, TokenItem]) -> bool:
        token = items[due.key].token
        return token is not None and token.requested_at < self._made_before

    def judged(self, tokens: int, *, at_once: bool, minutes: float) -> Backlog:
        """What was seen."""
        renewed = self._cloud.provider.inner.exchanges - self._before
        busy = max((at for at, waiting in self._curve if waiting), default=60.0 * minutes)
        return Backlog(
            tokens=tokens,
            at_once=at_once,
            minutes=minutes,
            fell_due=self._fell_due,
            renewed=renewed,
            overdue=len(self._overdue),
            most_waiting=max(waiting for _, waiting in self._curve),
            renewed_a_second=round(renewed / busy, 1),
            longest_behind_seconds=round(self._longest.total_seconds(), 1),
            curve=tuple(self._curve),
        )


def _fill(cloud: Cloud, tokens: int, *, at_once: bool) -> list[_Due]:
    """So many tokens of some credentials, one audience each; all in use."""
    allowance = clock_skew_allowance(_LIFETIME)
    wishes = [add_wish(cloud, f"c{n:03}", lifetime=1800) for n in range(_CREDENTIALS)]
    definitions = [cloud.registry.definitions[wish.name] for wish in wishes]
    period = (_LIFETIME - allowance) * bounds.RENEWAL_DUE
    held = []
    for number in range(tokens):
        definition = definitions[number % _CREDENTIALS]
        spec = TokenSpec(
            credential=definition.name,
            definition=definition.fingerprint,
            scopes=definition.scopes,
            audience=f"https://a{number}.example",
        )
        key = spec.key()
        spread = timedelta(minutes=1) if at_once else period
        made = START - (timedelta(0) if at_once else period) + spread * (number / tokens)
        token = AccessToken(
            access_token=Secret(f"made-before-{number}"),
            scopes=definition.scopes,
            requested_at=made,
            expires_at=made + _LIFETIME - allowance,
        )
        cloud.tokens.seed(key, TokenItem(token=token, spec=spec))
        cloud.tokens.schedule_renewal(key, token, slot_of_token(key, token, now=made))
        held.append(_Due(key, due_at(key, token), overdue_at(key, token)))
    return held


def _first_due(held: list[_Due]) -> float:
    first = min(each.due_at for each in held) - START
    return first.total_seconds() // 60 * 60 - 60
