"""The way from the environments to one service, where a call can be slow, lost or cut short."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log

from simulation.kernel import Kernel, Task


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a call takes: log-normal, half of the calls quicker than *median* seconds.

    One call in a hundred takes about `exp(2.33 * spread)` times the median.
    """

    median: float
    spread: float = 0.35

    def draw(self, kernel: Kernel) -> float:
        """Seconds for one call."""
        return exp(kernel.random.gauss(log(self.median), self.spread))


#: Within one region, as AWS's own figures and everybody's measurements have it.
STORE = Latency(0.005)
SECRETS = Latency(0.020)
PROVIDER = Latency(0.250)


class Network:
    """Carries calls to one service.

    A call pauses its task twice: before the service acts and after it has acted. So a task that
    is killed dies with its call not made, or made and never heard of. Nor is an answer heard of
    that takes longer than *patience* seconds.
    """

    def __init__(
        self,
        kernel: Kernel,
        service: str,
        latency: Latency,
        *,
        patience: float,
        lost: Callable[[], Exception],
    ) -> None:
        self._kernel = kernel
        self._service = service
        self._patience = patience
        self._lost = lost
        self.latency = latency
        #: Tasks whose call under way takes effect, while its answer never arrives.
        self.loses_answer_of: set[Task] = set()

    def call[T](self, what: str, effect: Callable[[], T]) -> T:
        """Let *effect* happen at the service, and bring back what it says.

        Raises:
            Exception: what *effect* raises; or the answer was lost.
        """
        kernel, label = self._kernel, f"{self._service}.{what}"
        takes = self.latency.draw(kernel)
        leg = min(takes, self._patience) / 2
        kernel.pause(leg, f"{label} →")
        try:
            return effect()
        finally:
            kernel.pause(leg, f"{label} ←")
            if takes > self._patience or kernel.running in self.loses_answer_of:
                self.loses_answer_of.discard(kernel.running)
                raise self._lost()
