"""Print one line for each slow step: what it does and, at its end, how long it took."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

#: Wraps a step: `with step("Deploying"): …`.
type Step = Callable[[str], AbstractContextManager[None]]


@contextmanager
def step_shown(title: str) -> Iterator[None]:
    """Print *title* when the step begins, and its seconds when it ends."""
    _write(f"{title} … ")
    started = time.monotonic()
    try:
        yield
    except BaseException:
        _write("stopped\n")
        raise
    _write(f"{time.monotonic() - started:.0f} s\n")


@contextmanager
def silent(title: str) -> Iterator[None]:
    """Say nothing."""
    del title
    yield


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
