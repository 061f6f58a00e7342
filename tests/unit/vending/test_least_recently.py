"""What is forgotten first, and how much of its longest wait a wait may be."""

from dataclasses import replace

from tests.fakes.clock import FakeClock
from tests.unit.vending.busy_table import busy_for
from tests.unit.vending.harness import BILLING, REQUEST
from tests.unit.vending.remembering import memory, remember, token_of

from tokenvend.domain import bounds
from tokenvend.vending.lease_wait import retry_while_throttled


def test_what_was_asked_for_least_recently_is_forgotten_first() -> None:
    held, token = memory(), token_of()
    requests = [
        replace(REQUEST, min_ttl_seconds=number) for number in range(bounds.MEMORY_ENTRIES + 1)
    ]
    for request in requests[:-1]:
        remember(held, token, request=request)
    held.recall((BILLING.identity, requests[0]))

    remember(held, token, request=requests[-1])

    assert held.recall((BILLING.identity, requests[0])) is not None
    assert held.recall((BILLING.identity, requests[1])) is None
    assert held.recall((BILLING.identity, requests[2])) is not None


def test_a_wait_is_anything_from_half_of_its_longest_to_all_of_it() -> None:
    shares = []
    for _ in range(300):
        clock = FakeClock()
        retry_while_throttled(busy_for(clock, 0.001), clock, until=clock.monotonic() + 60)
        shares.append(clock.slept[0] / 0.04)

    assert 0.5 <= min(shares) < 0.53
    assert 0.97 < max(shares) <= 1.0
