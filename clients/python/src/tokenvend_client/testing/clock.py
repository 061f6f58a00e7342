"""A clock that stands still until a test moves it."""

from tokenvend_client.clock import Clock


class ManualClock:
    """Both clocks of a client, and its pauses: a pause moves them.

    >>> clock = ManualClock()
    >>> clock.advance(5)
    >>> clock.seconds
    5.0
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        #: What the wall clock is off by: setting it is what somebody does who sets a clock.
        self.wall_offset = 1_800_000_000.0
        #: Every pause that a client made, in seconds.
        self.pauses: list[float] = []

    def advance(self, seconds: float) -> None:
        """Let *seconds* go by."""
        self.seconds += seconds

    def wall(self) -> float:
        """Seconds since 1970."""
        return self.wall_offset + self.seconds

    def clock(self) -> Clock:
        """As a client takes it."""
        return Clock(monotonic=lambda: self.seconds, wall=self.wall, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.advance(seconds)
