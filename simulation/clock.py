"""One environment's clock: simulated time, seen through its own error."""

from datetime import UTC, datetime, timedelta

from simulation.kernel import Kernel

#: When a simulation starts.
START = datetime(2026, 3, 1, tzinfo=UTC)


class SimulatedClock:
    """`ports.Clock`. Its wall is wrong by *skew* seconds; the others' may be by others."""

    def __init__(self, kernel: Kernel, *, skew: float = 0.0) -> None:
        self._kernel = kernel
        self._started = kernel.now
        self._epoch = START + timedelta(seconds=skew)

    def now(self) -> datetime:
        """The instant that this environment believes it is."""
        return self._epoch + timedelta(seconds=self._kernel.now)

    def monotonic(self) -> float:
        """Seconds since this environment began."""
        return self._kernel.now - self._started

    def sleep(self, seconds: float) -> None:
        """Let others run meanwhile."""
        self._kernel.pause(seconds, "sleep")


def true_time(kernel: Kernel) -> datetime:
    """The instant that it really is."""
    return START + timedelta(seconds=kernel.now)
