"""Tokens in use, and runs of the renewal."""

from datetime import timedelta

from tests.unit.vending.harness import INVOCATION, Harness

from tokenvend.schedules.renewal import RenewalOutcome

MINUTE = timedelta(minutes=1)
#: Of half an hour, in every jitter: who asks now asks for the next token too.
AGING = timedelta(seconds=200)


def outcomes(harness: Harness, *, time_left: timedelta = INVOCATION) -> list[RenewalOutcome]:
    return [renewal.outcome for renewal in harness.parts().renew_all(time_left=time_left)]


def in_use(harness: Harness) -> None:
    """A token that one environment has made, and another one has read when it was aging."""
    harness.vend(harness.environment())
    harness.clock.advance(AGING)
    harness.vend(harness.environment())
