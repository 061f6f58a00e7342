"""Many environments at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

ENVIRONMENTS = 30


def at_once[T](calls: list[Callable[[], T]]) -> list[T]:
    """Make all *calls* at the same moment, each in a thread of its own."""
    barrier = Barrier(len(calls))

    def wait_and_call(call: Callable[[], T]) -> T:
        barrier.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))
