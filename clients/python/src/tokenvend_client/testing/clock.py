"""A clock that does not advance until a test moves it."""

from tokenvend_client.clock import Clock


class ManualClock:
    """Both clocks of a client, and its pauses: a pause advances the clocks.

    >>> clock = ManualClock()
    >>> clock.advance(5)
    >>> clock.seconds
    5.0
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        #: The offset of the wall clock in seconds; set it to simulate that somebody sets the clock.
        self.wall_offset = 1_800_000_000.0
        #: Every pause that a client made, in seconds.
        self.pauses: list[float] = []

    def advance(self, seconds: float) -> None:
        """Advance both clocks by *seconds*."""
        self.seconds += seconds

    def wall(self) -> float:
        """Return the wall clock's time, in seconds since 1970."""
        return self.wall_offset + self.seconds

    def clock(self) -> Clock:
        """Return the clock in the form that a client takes."""
        return Clock(monotonic=lambda: self.seconds, wall=self.wall, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.advance(seconds)
