"""Ask AWS again until it says what is awaited: most of it is only eventually so."""

import time
from collections.abc import Callable

from tokenvend_smoke.outcome import DidNotHoldError

_PAUSE_SECONDS = 5.0


def wait_until[T](
    look: Callable[[], T], *, minutes: float, otherwise: str, pause_seconds: float = _PAUSE_SECONDS
) -> T:
    """What *look* returns as soon as that is something.

    Raises:
        DidNotHoldError: it was nothing for so long; the text is *otherwise*.
    """
    end = time.monotonic() + minutes * 60
    while True:
        if found := look():
            return found
        if time.monotonic() >= end:
            raise DidNotHoldError(f"{otherwise}, within {minutes:g} min")
        time.sleep(pause_seconds)
