"""One DynamoDB table: each call takes its time and its share of a partition's budget."""

from collections.abc import Callable

from simulation.clock import SimulatedClock, true_time
from simulation.kernel import Kernel
from simulation.load import Kind, Meter
from simulation.network import Network
from tokenvend.domain import bounds
from tokenvend.ports import StoreThrottledError

#: A token of 1 to 2 KB with its wrapped key: DynamoDB counts each began KB of a write.
WRITE_UNITS = 2.0
CONSISTENT_READ_UNITS = 1.0
#: One item of a BatchGetItem, present or not.
EVENTUAL_READ_UNITS = 0.5
#: botocore's standard mode waits this long at most before its second attempt.
RETRY_WAIT_SECONDS = 1.0


class Table:
    """One DynamoDB table as the client of one environment sees it.

    Each answer tells the client's *clock* the time, as the header `Date` does.
    """

    def __init__(
        self, kernel: Kernel, network: Network, meter: Meter, clock: SimulatedClock
    ) -> None:
        self._kernel = kernel
        self._network = network
        self._meter = meter
        self._clock = clock

    def call[T](
        self,
        what: str,
        consumes: list[tuple[Kind, str, float]],
        act: Callable[[], T],
        *,
        retry_wait: float = RETRY_WAIT_SECONDS,
    ) -> T:
        """Do *act* if every partition in *consumes* has the units for it.

        Raises:
            StoreThrottledError: one had not, at each attempt.
        """
        self._meter.calls[consumes[0][0]] += 1

        def within_limits() -> T:
            served = [self._meter.take(*consume) for consume in consumes]
            if not all(served):
                raise StoreThrottledError(f"{what} was throttled")
            return act()

        for _ in range(bounds.AWS_ATTEMPTS - 1):
            try:
                return self._heard(self._network.call(what, within_limits))
            except StoreThrottledError:
                wait = self._kernel.random.random() * retry_wait
                self._kernel.pause(wait, f"{what}, throttled")
        return self._heard(self._network.call(what, within_limits))

    def _heard[T](self, answer: T) -> T:
        self._clock.learn(true_time(self._kernel).replace(microsecond=0))
        return answer
