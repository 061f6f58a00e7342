"""N cold environments, one missing token: who exchanges, and when the last one is answered."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from unittest.mock import patch

from simulation.callers import RequestOutcome, add_wish, asking
from simulation.cloud import Cloud
from simulation.kernel import Kernel
from simulation.load import Kind, Limits
from simulation.network import PROVIDER, Latency
from tokenvend.ports import Clock
from tokenvend.vending import token_acquirer, vendor

SIZES = (1, 3, 10, 30, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
#: Lambda adds at most this many environments to one function in ten seconds.
LAMBDA_ADDS, LAMBDA_EVERY_SECONDS = 1_000, 10.0
#: Nobody starts many environments within less than this.
_SPREAD_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Stampede:
    """What became of one.

    The two lateness figures count from the instant at which the provider had answered, or, for
    who asked after that, from its own request. Peaks are units in one second of the token's item.
    """

    environments: int
    at_lambdas_pace: bool
    patient: bool
    exchanges: int
    answered: int
    refused: int
    provider_ms: float
    last_after_provider_ms: float
    median_after_provider_ms: float
    peak_token_reads: float
    peak_token_writes: float
    throttled_reads: int
    throttled_writes: int

    def to_dict(self) -> dict[str, object]:
        """For a program to read."""
        return asdict(self)


def stampede(
    environments: int,
    *,
    seed: int,
    at_lambdas_pace: bool = False,
    patient: bool = True,
    provider: Latency = PROVIDER,
) -> Stampede:
    """Let *environments* start cold and ask for the same token, which is not there.

    All at once, or no faster than Lambda adds environments to one function. With *patient* false
    nobody asks a busy table again: what the hot item would be without that help.
    """
    with nullcontext() if patient else _impatient():
        random.seed(seed)
        cloud = Cloud(Kernel(seed), limits=Limits())
        cloud.provider_network.latency = provider
        outcomes = _run(cloud, environments, at_lambdas_pace=at_lambdas_pace)
        return _judged(cloud, outcomes, at_lambdas_pace=at_lambdas_pace, patient=patient)


@contextmanager
def _impatient() -> Iterator[None]:
    def read_once[T](read: Callable[[], T], clock: Clock, *, until: float) -> T:
        del clock, until
        return read()

    with (
        patch.object(token_acquirer, "retry_while_throttled", read_once),
        patch.object(vendor, "retry_while_throttled", read_once),
    ):
        yield


def _run(cloud: Cloud, environments: int, *, at_lambdas_pace: bool) -> list[RequestOutcome]:
    kernel, outcomes = cloud.kernel, list[RequestOutcome]()
    wish = add_wish(cloud, "hot", lifetime=1800)
    for number in range(environments):
        start = kernel.random.random() * _SPREAD_SECONDS
        if at_lambdas_pace:
            start += number // LAMBDA_ADDS * LAMBDA_EVERY_SECONDS
        ask = asking(cloud, cloud.environment(), wish, outcomes.append)
        kernel.spawn(ask, after=start)
    kernel.run()
    return outcomes


def _judged(
    cloud: Cloud, outcomes: list[RequestOutcome], *, at_lambdas_pace: bool, patient: bool
) -> Stampede:
    answered = [each for each in outcomes if each.vended is not None]
    provider_done = cloud.provider.answered_at
    # Who starts after the provider has answered is late by its own time only.
    late = sorted(each.ended_at - max(provider_done, each.requested_at) for each in answered)
    meter = cloud.meter
    return Stampede(
        environments=len(outcomes),
        at_lambdas_pace=at_lambdas_pace,
        patient=patient,
        exchanges=cloud.provider.inner.exchanges,
        answered=len(answered),
        refused=len(outcomes) - len(answered),
        provider_ms=round(1000 * cloud.provider.took, 1),
        last_after_provider_ms=round(1000 * late[-1], 1),
        median_after_provider_ms=round(1000 * late[len(late) // 2], 1),
        peak_token_reads=meter.peak(Kind.READ, "token#"),
        peak_token_writes=meter.peak(Kind.WRITE, "token#"),
        throttled_reads=meter.throttled(Kind.READ),
        throttled_writes=meter.throttled(Kind.WRITE),
    )
