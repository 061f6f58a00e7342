"""How far each part of a long run is, line by line."""

import sys


class Lines:
    """A line for each twentieth of each part; each process that is handed one writes its own."""

    def __init__(self) -> None:
        self._last = ("", -1)

    def __call__(self, what: str, share: float) -> None:
        """Say that *share* of *what* is done, unless the last line said about the same."""
        step = (what, int(share * 20))
        if step != self._last:
            self._last = step
            sys.stdout.write(f"{what:>24} {share:5.0%}\n")
            sys.stdout.flush()
