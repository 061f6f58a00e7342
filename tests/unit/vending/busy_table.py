"""A table that throttles for a while."""

from collections.abc import Callable

from tests.fakes.clock import FakeClock

from tokenvend.ports import StoreThrottledError


def busy_for(clock: FakeClock, seconds: float) -> Callable[[], str]:
    """A table that asks for patience until *seconds* are over."""
    until = clock.monotonic() + seconds

    def read() -> str:
        if clock.monotonic() < until:
            raise StoreThrottledError("busy")
        return "served"

    return read
