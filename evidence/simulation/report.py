"""One result of all simulations, for a program to read and for the plots."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from simulation.backlog import Backlog, backlog
from simulation.cost import cost_per_million
from simulation.load import Kind
from simulation.month import Month
from simulation.stampede import LAMBDA_ADDS, SIZES, Stampede, stampede
from tokenvend.domain import bounds

#: A lookup reads this much of one caller's partition, which is the hottest; see credentials.py.
_HOTTEST_UNITS_A_LOOKUP = 1.5
_PARTITION_READS = 3_000
#: An empty run of the schedule still asks for each minute that it looks back on.
_READ_UNITS_OF_IDLE_RUN = 0.5 * (bounds.RENEWAL_LOOKS_BACK / bounds.RENEWAL_EVERY + 1)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated. The requests of a month are *rate* a second on average."""

    days: float
    rate: float
    credentials: int
    stampedes: tuple[int, ...]
    tokens: int
    backlog_minutes: float


WHOLE = Size(30, 0.05, 10, SIZES, 100_000, 8)
TINY = Size(0.25, 0.05, 4, (1, 100), 500, 4)

type Progress = Callable[[str, float], None]


def simulate(
    size: Size, *, seed: int, progress: Progress, pool: Executor | None = None
) -> dict[str, Any]:
    """Run it all, in *pool* if there is one: no part knows of another.

    *progress* is told what is under way, and the share that is done.
    """
    if pool is None:
        month = _month(size, seed, progress)
        return month | _of_rest(_stampedes(size, seed, progress), _backlogs(size, seed, progress))
    # The longest first.
    longest = pool.submit(_month, size, seed, progress)
    stampedes = pool.submit(_stampedes, size, seed, progress)
    backlogs = pool.submit(_backlogs, size, seed, progress)
    return longest.result() | _of_rest(stampedes.result(), backlogs.result())


def _month(size: Size, seed: int, progress: Progress) -> dict[str, Any]:
    month = Month(days=size.days, rate=size.rate, credentials=size.credentials, seed=seed)
    month.run(lambda share: progress(f"{size.days:g} days", share))
    return _of_month(month)


def _backlogs(size: Size, seed: int, progress: Progress) -> list[Backlog]:
    return [
        backlog(
            size.tokens,
            seed=seed,
            at_once=at_once,
            minutes=size.backlog_minutes if at_once else 4,
            progress=lambda share: progress(f"{size.tokens} tokens to renew", share),
        )
        for at_once in (True, False)
    ]


def _stampedes(size: Size, seed: int, progress: Progress) -> list[Stampede]:
    found = []
    for number, environments in enumerate(size.stampedes):
        found.append(stampede(environments, seed=seed))
        if environments > LAMBDA_ADDS:
            # Fewer come at once at Lambda's pace too, and throttle nothing.
            found.append(stampede(environments, seed=seed, at_lambdas_pace=True))
            found.append(stampede(environments, seed=seed, patient=False))
        progress("cold environments", (number + 1) / len(size.stampedes))
    return found


def _of_month(month: Month) -> dict[str, Any]:
    by_lifetime = month.exchanges_by_lifetime()
    totals = {
        name: int(sum(row[name] for row in by_lifetime.values()))
        for name in ("exchanges", "least_possible", "one_per_lifetime")
    }
    meter, requests = month.cloud.meter, sum(month.sources.values()) + month.refused
    idle_units = month.schedule.idle_runs * _READ_UNITS_OF_IDLE_RUN
    reads, writes = (
        sum(load.total for (of, _), load in meter.loads.items() if of is kind)
        for kind in (Kind.READ, Kind.WRITE)
    )
    return {
        "environments": month.fleet.started,
        "most_environments_at_once": month.fleet.most_at_once,
        "days": month.days,
        "requests": requests,
        "requests_refused": month.refused,
        "answered_from": {str(source): count for source, count in month.sources.items()},
        **totals,
        "ratio": round(totals["exchanges"] / totals["least_possible"], 4),
        "ratio_to_one_per_lifetime": round(totals["exchanges"] / totals["one_per_lifetime"], 4),
        "by_lifetime": {
            str(lifetime): row | {"ratio": round(row["exchanges"] / row["least_possible"], 4)}
            for lifetime, row in by_lifetime.items()
        },
        "waits_at_first": month.waits_at_first,
        "waits_after_first": len(month.waits_after_first),
        "waits_after_first_by_lifetime": dict(
            sorted(Counter(str(lifetime) for _, lifetime in month.waits_after_first).items())
        ),
        "waits_after_rest": len(month.waits_after_rest),
        "longest_wait_seconds": round(month.longest_wait, 3),
        "reads": meter.calls[Kind.READ],
        "writes": meter.calls[Kind.WRITE],
        "read_units": round(reads),
        "write_units": round(writes),
        "renewal_read_units_of_idle_runs": round(idle_units),
        "cost_per_million_vends": cost_per_million(
            vends=requests,
            read_units=reads,
            write_units=writes,
            exchanges=totals["exchanges"],
            environments=month.fleet.started,
        ),
        "idle_schedule_dollars_a_month": round(idle_units * 0.125e-6 * 30 / month.days, 2),
        "by_hour": month.by_hour,
    }


def _of_rest(stampedes: list[Stampede], backlogs: list[Backlog]) -> dict[str, Any]:
    throttled = [
        each.environments for each in stampedes if each.throttled_reads and not each.at_lambdas_pace
    ]
    refused = {str(each.environments): each.refused for each in stampedes if not each.patient}
    asks_a_second = _PARTITION_READS / _HOTTEST_UNITS_A_LOOKUP
    return {
        "stampedes": [each.to_dict() for each in stampedes],
        "renewal_backlog": [each.to_dict() for each in backlogs],
        "hot_item": {
            "throttled_from_cold_environments_at_once": min(throttled, default=None),
            "refused_without_help": refused,
            "warm_environments_that_one_caller_may_have": round(
                asks_a_second * bounds.MEMORY_SECONDS_DEFAULT
            ),
        },
    }
