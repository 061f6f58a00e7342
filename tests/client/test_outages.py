"""What the client does while tokenvend is away."""

import pytest

from tokenvend_client import (
    Client,
    TemporarilyUnavailableError,
)
from tokenvend_client.testing import FakeTokenvend, ManualClock
from tokenvend_client.waiting import JITTER_SHARE, RETRY_AFTER_MAXIMUM


def test_while_tokenvend_is_away_the_valid_token_is_given_and_it_is_left_alone(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    first = client.token("sr-jobs")
    clock.advance(1800 * 0.91)
    fake.go_away(retry_after_seconds=10)

    for _ in range(100):
        assert client.token("sr-jobs") is first
    assert len(fake.calls) == 2
    clock.advance(9.9)
    client.token("sr-jobs")
    assert len(fake.calls) == 2
    fake.come_back()
    clock.advance(10 * JITTER_SHARE + 0.2)

    assert client.token("sr-jobs") is not first


def test_whoever_has_no_token_waits_as_long_as_the_answer_says_and_tries_again(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    fake.go_away(retry_after_seconds=3)

    def come_back_after_two(_: object) -> None:
        if len(fake.calls) == 2:
            fake.come_back()

    fake.during(come_back_after_two)

    assert client.token("sr-jobs").reveal() == "fake-sr-jobs-1"
    assert len(clock.pauses) == 2
    assert all(3 <= pause <= 3 * (1 + JITTER_SHARE) for pause in clock.pauses)


def test_whoever_has_no_token_gives_up_in_bounded_time_and_says_when_to_come_again(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    fake.go_away(retry_after_seconds=100_000)

    with pytest.raises(TemporarilyUnavailableError) as caught:
        client.token("sr-jobs")

    assert caught.value.retry_after_seconds == RETRY_AFTER_MAXIMUM
    assert clock.pauses == []
    for _ in range(50):
        with pytest.raises(TemporarilyUnavailableError):
            client.token("sr-jobs")
    assert len(fake.calls) == 1


def test_a_short_outage_as_the_token_ends_is_waited_for(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    client.token("sr-jobs")
    clock.advance(1795)
    fake.go_away(retry_after_seconds=8)
    client.token("sr-jobs")
    clock.advance(6)
    fake.come_back()

    assert client.token("sr-jobs").reveal() == "fake-sr-jobs-2"
    assert [2 <= pause <= 8 * (1 + JITTER_SHARE) - 6 for pause in clock.pauses] == [True]
