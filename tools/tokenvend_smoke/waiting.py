"""Poll AWS until it shows the expected state, because most of AWS is eventually consistent."""

import time
from collections.abc import Callable

from tokenvend_smoke.outcome import DidNotHoldError

_PAUSE_SECONDS = 5.0


def wait_until[T](
    look: Callable[[], T], *, minutes: float, otherwise: str, pause_seconds: float = _PAUSE_SECONDS
) -> T:
    """Call *look* until its result is true in a condition, and return that result.

    Raises:
        DidNotHoldError: the time ran out; the text is *otherwise*.
    """
    end = time.monotonic() + minutes * 60
    while True:
        if found := look():
            return found
        if time.monotonic() >= end:
            raise DidNotHoldError(f"{otherwise}, within {minutes:g} min")
        time.sleep(pause_seconds)
