"""A token that is short-lived, and tables that are away."""

from dataclasses import replace
from datetime import timedelta

from tests.unit.vending.harness import DEFINITION, Harness

from tokenvend.ports import StoreAwayError

AWAY = StoreAwayError("away")
LIFE = timedelta(seconds=120)


def harness_with_a_short_token(**changes: object) -> Harness:
    harness = Harness(definition=replace(DEFINITION, **changes))  # type: ignore[arg-type]
    harness.provider.expires_in = int(LIFE.total_seconds())
    return harness
