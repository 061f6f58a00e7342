"""When the client asks tokenvend, and when memory answers."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend_client import (
    Client,
    RefusedError,
)
from tokenvend_client.testing import FakeTokenvend, ManualClock


def test_a_token_is_fetched_once_and_then_answered_from_memory(
    fake: FakeTokenvend, client: Client
) -> None:
    first = client.token("sr-jobs", scope="jobs_read")
    again = client.token("sr-jobs", scope="jobs_read")

    assert first is again
    assert first.headers == {"Authorization": "Bearer fake-sr-jobs-1"}
    assert [(call.credential, dict(call.parameters)) for call in fake.calls] == [
        ("sr-jobs", {"scope": "jobs_read"})
    ]


@pytest.mark.parametrize(
    "scope", ["jobs_write jobs_read", ["jobs_read", "jobs_write"], " jobs_read  jobs_write "]
)
def test_spellings_of_the_same_scopes_share_one_token(
    fake: FakeTokenvend, client: Client, scope: str | list[str]
) -> None:
    client.token("sr-jobs", scope="jobs_read jobs_write")

    client.token("sr-jobs", scope=scope)

    assert len(fake.calls) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"scope": "jobs_write"},
        {"audience": "https://api.example.com"},
        {"resource": "https://api.example.com"},
        {"tenant": "acme"},
        {"connection": "user-17"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_whatever_shapes_a_token_keeps_it_apart(
    fake: FakeTokenvend, client: Client, other: dict[str, Any]
) -> None:
    fake.connect("sr-jobs", "user-17")
    plain = client.token("sr-jobs")

    shaped = client.token("sr-jobs", **other)

    assert shaped.token_sha256 != plain.token_sha256
    assert fake.calls[-1].parameters == other


def test_a_stale_token_is_replaced_before_it_ends(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    first = client.token("sr-jobs")
    clock.advance(1800 * 0.84)
    assert client.token("sr-jobs") is first
    clock.advance(1800 * 0.08)

    assert client.token("sr-jobs").token_sha256 != first.token_sha256
    assert fake.exchanges == 2


def test_a_thousand_calls_a_second_ask_at_most_twice_in_a_tokens_life() -> None:
    clock = ManualClock()
    fake = FakeTokenvend(clock=clock, expires_in=300)
    client = fake.client()
    answered: Counter[str] = Counter()
    asked = 0

    for _ in range(1_200_000):
        token = client.token("sr-jobs")
        if len(fake.calls) > asked:
            asked = len(fake.calls)
            answered[token.token_sha256] += 1
        clock.advance(0.001)

    assert fake.exchanges <= 1200 / (0.9 * 300) + 1
    assert asked == sum(answered.values())
    assert max(answered.values()) <= 2


@given(
    lifetime=st.integers(2, 86_400),
    steps=st.lists(st.floats(0, 1.5, allow_nan=False), max_size=60),
    wall_jumps=st.lists(st.floats(-5000, 5000, allow_nan=False), max_size=60),
)
def test_no_token_is_ever_given_after_its_end_whatever_the_clocks_do(
    lifetime: int, steps: list[float], wall_jumps: list[float]
) -> None:
    clock = ManualClock()
    fake = FakeTokenvend(clock=clock, expires_in=lifetime)
    client = fake.client()
    made_at: dict[str, float] = {}
    for step, jump in zip(steps, [*wall_jumps, *[0.0] * len(steps)], strict=False):
        clock.advance(step * lifetime)
        # Somebody sets the wall clock, and tokenvend's with it: its answers say what is left.
        clock.wall_offset += jump
        for issued in fake._issued.values():
            issued.issued_at += jump
        token = client.token("sr-jobs")
        born = made_at.setdefault(token.token_sha256, clock.seconds)
        assert clock.seconds < born + lifetime


@given(frozen=st.floats(0, 4000, allow_nan=False))
def test_a_machine_that_slept_gives_no_token_that_ended_meanwhile(frozen: float) -> None:
    clock = ManualClock()
    fake = FakeTokenvend(clock=clock, expires_in=1000)
    client = fake.client()
    first = client.token("sr-jobs")

    # The monotonic clock stood still; the wall clock did not.
    clock.wall_offset += frozen

    assert (client.token("sr-jobs").token_sha256 == first.token_sha256) == (frozen < 900) or (
        850 <= frozen < 1000
    )


def test_long_work_gets_a_token_that_lasts(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    first = client.token("sr-jobs")
    clock.advance(1300)
    assert client.token("sr-jobs", min_ttl_seconds=100) is first

    lasting = client.token("sr-jobs", min_ttl_seconds=600)

    assert lasting.token_sha256 != first.token_sha256
    assert fake.calls[-1].parameters == {"min_ttl_seconds": "600"}
    assert client.token("sr-jobs") is lasting


def test_a_life_that_is_too_long_is_refused_to_who_asked_for_it_alone(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    first = client.token("sr-jobs")
    clock.advance(10)

    with pytest.raises(RefusedError) as caught:
        client.token("sr-jobs", min_ttl_seconds=1795)

    assert caught.value.code == "invalid_request"
    assert client.token("sr-jobs") is first
    assert len(fake.calls) == 2


def test_memory_is_bounded(fake: FakeTokenvend) -> None:
    client = fake.client(cache_entries=10)

    for user in range(500):
        client.token("hiring", tenant=f"customer-{user}")

    assert len(client._cache._slots) <= 10
    assert len(client._known) <= 10
