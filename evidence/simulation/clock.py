"""One environment's clock: simulated time, seen through its own error."""

from datetime import UTC, datetime, timedelta

from simulation.kernel import Kernel
from tokenvend.adapters.clock import SystemClock

#: When a simulation starts.
START = datetime(2026, 3, 1, tzinfo=UTC)


class SimulatedClock:
    """`ports.Clock`. Its machine's wall clock is wrong by *skew* seconds.

    `learn` is the project's own: each answer of DynamoDB tells the time, in whole seconds.
    """

    def __init__(self, kernel: Kernel, *, skew: float = 0.0) -> None:
        self._kernel = kernel
        self._started = kernel.now
        self._start = START + timedelta(seconds=skew)
        self._corrected = SystemClock(self._machine_now)
        #: The instant that this environment believes it is.
        self.now = self._corrected.now
        self.learn = self._corrected.learn

    def monotonic(self) -> float:
        """Seconds since this environment began."""
        return self._kernel.now - self._started

    def sleep(self, seconds: float) -> None:
        """Let others run meanwhile."""
        self._kernel.pause(seconds, "sleep")

    def _machine_now(self) -> datetime:
        return self._start + timedelta(seconds=self._kernel.now)


def true_time(kernel: Kernel) -> datetime:
    """The instant that it really is."""
    return START + timedelta(seconds=kernel.now)
