"""Environments that come and go as Lambda has it, and the schedule that renews beside them."""

from collections.abc import Callable
from dataclasses import dataclass

from simulation.clock import true_time
from simulation.cloud import Cloud, SimulatedEnvironment
from simulation.kernel import Kernel
from tokenvend.domain import bounds
from tokenvend.ports import StoreAwayError
from tokenvend.schedules.renewal import RenewalOutcome

#: An idle environment is taken away after this, and any of them at this age.
_IDLE_SECONDS = 600.0
_AGE_SECONDS = 7_200.0
#: A cold start, in which the environment answers nobody.
_START_SECONDS = 0.7
#: What an invocation takes beside the use case.
_OVERHEAD_SECONDS = 0.003
#: As `entries/schedules.py` and the template have it.
RENEWALS_AT_ONCE = 8
RENEWAL_RUN_SECONDS = 55.0
#: The schedule comes at this second of each minute.
_SECOND_OF_MINUTE = 37.0
#: Machines' clocks are this wrong, in one case of three.
_SKEW_SECONDS = 1.0


@dataclass(slots=True)
class Warm:
    """An environment, when it began, and since when it has nothing to do."""

    environment: SimulatedEnvironment
    born_at: float
    idle_since: float


class Fleet:
    """Gives each request the environment that was busy last, or a new one."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.kernel: Kernel = cloud.kernel
        self.started = 0
        self.most_at_once = 0
        self._at_once = 0
        self._idle: list[Warm] = []
        self._sweep()

    def run(self, request: Callable[[SimulatedEnvironment], Callable[[], None]]) -> None:
        """Let *request* be answered by one environment, now."""
        is_cold = not self._idle
        warm = self._start() if is_cold else self._idle.pop()
        answer = request(warm.environment)

        def invocation() -> None:
            if is_cold:
                self.kernel.pause(_START_SECONDS, "init")
            answer()
            self.kernel.pause(_OVERHEAD_SECONDS, "overhead")
            self._is_done(warm)

        self.kernel.spawn(invocation)

    def _start(self) -> Warm:
        self.started += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        skew = self.kernel.random.gauss(0, _SKEW_SECONDS)
        return Warm(self.cloud.environment(skew=skew), self.kernel.now, self.kernel.now)

    def _is_done(self, warm: Warm) -> None:
        if self.kernel.now - warm.born_at > _AGE_SECONDS:
            self._at_once -= 1
            return
        warm.idle_since = self.kernel.now
        self._idle.append(warm)

    def _sweep(self) -> None:
        kept = [each for each in self._idle if self.kernel.now - each.idle_since < _IDLE_SECONDS]
        self._at_once -= len(self._idle) - len(kept)
        self._idle = kept
        self.kernel.call_at(self.kernel.now + 60.0, self._sweep)


class Schedule:
    """Runs the renewal each minute, shard by shard, each in an environment of its own.

    As the function does, one run has eight workers that share what is due. A run that would
    find nothing due is not simulated, only counted.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._kernel = cloud.kernel
        self._shards = [cloud.environment() for _ in range(bounds.RENEWAL_SHARDS)]
        self.renewed = 0
        self.idle_runs = 0
        self._kernel.call_at(_SECOND_OF_MINUTE, self._minute)

    def _minute(self) -> None:
        now = true_time(self._cloud.kernel)
        busy = {slot.shard for slot in self._cloud.tokens.slots() if slot.minute <= now}
        for shard in sorted(busy):
            self._spawn_run(shard, self._shards[shard])
        self.idle_runs += bounds.RENEWAL_SHARDS - len(busy)
        self._kernel.call_at(self._kernel.now + 60.0, self._minute)

    def _spawn_run(self, shard: int, environment: SimulatedEnvironment) -> None:
        self._kernel.spawn(lambda: self._run(shard, environment), name=f"renewal-{shard}")

    def _run(self, shard: int, environment: SimulatedEnvironment) -> None:
        deadline = environment.clock.monotonic() + RENEWAL_RUN_SECONDS
        try:
            found = list(environment.renewer.due(shard))
        except StoreAwayError:
            return
        due = iter(found)

        def work() -> None:
            for slot, key in due:
                outcome = environment.renewer.renew(slot, key, deadline=deadline).outcome
                self.renewed += outcome is RenewalOutcome.RENEWED
                if outcome is RenewalOutcome.NO_TIME:
                    return

        for _ in range(min(RENEWALS_AT_ONCE, len(found)) - 1):
            self._kernel.spawn(work, name="renewal")
        work()
