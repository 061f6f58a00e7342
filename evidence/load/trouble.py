"""What happens while callers ask: grants go and come back, a secret changes, the provider fails."""

import time
from collections.abc import Callable
from threading import Event

from load.flows import Removal, Turn
from load.scenario import LoadScenario

#: How long a grant stays away: long enough that its absence is seen, and not much longer.
_AWAY_BEYOND_MEMORY_SECONDS = 4.0
_BETWEEN_SECONDS = 2.0


class Trouble:
    """Makes one kind of trouble after another until it is told to stop, and remembers when."""

    def __init__(
        self,
        scenario: LoadScenario,
        *,
        memory_seconds: float,
        tell: Callable[[str], None],
        stopped: Event,
    ) -> None:
        self._scenario = scenario
        self._memory_seconds = memory_seconds
        self._tell = tell
        self._stopped = stopped
        self.removals: list[Removal] = []
        self.turns: list[Turn] = []
        self.failures = 0

    def make(self) -> None:
        """Go on until stopped. What was begun is brought to its end."""
        moody = self._scenario.clients["moody"].client_id
        provider = self._scenario.stack.provider
        steps: tuple[Callable[[], None], ...] = (
            lambda: provider.misbehave(client_id=moody, delay_seconds=2.0, times=1),
            self._remove_grant,
            lambda: provider.misbehave(client_id=moody, status=500, times=1),
            self._change_secret,
            lambda: provider.misbehave(client_id=moody, status=503, retry_after="2", times=1),
            lambda: provider.misbehave(client_id=moody, status=429, retry_after="1", times=1),
        )
        while True:
            for step in steps:
                if self._stopped.wait(_BETWEEN_SECONDS):
                    return
                step()
                is_providers = step not in {self._remove_grant, self._change_secret}
                self.failures += is_providers

    def _remove_grant(self) -> None:
        self._scenario.take_guests_grant()
        since = time.time()
        self._tell("the guest's grant is removed")
        self._stopped.wait(self._memory_seconds + _AWAY_BEYOND_MEMORY_SECONDS)
        self.removals.append(Removal(since, time.time()))
        self._scenario.give_guest_its_grant()
        self._tell("the guest has its grant back")

    def _change_secret(self) -> None:
        since = time.time()
        self._scenario.change_secret()
        self.turns.append(Turn(since, time.time()))
        self._tell("a secret was changed at the provider, then put")
