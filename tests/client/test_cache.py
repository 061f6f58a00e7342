"""When the client asks tokenvend, and when memory answers."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend_client import (
    CallerNotProvenError,
    Client,
    ConsentRequiredError,
    ProviderRefusedError,
    RefusedError,
    TemporarilyUnavailableError,
)
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call
from tokenvend_client.testing import FakeTokenvend, ManualClock
from tokenvend_client.waiting import JITTER_SHARE, REFUSAL_REMEMBERED, RETRY_AFTER_MAXIMUM
from tokenvend_client.ways_in import Document


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

    # The monotonic clock stood still; the time of the world did not.
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


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("invalid_client", CallerNotProvenError),
        ("unauthorized_client", RefusedError),
        ("invalid_scope", RefusedError),
        ("consent_required", ConsentRequiredError),
        ("provider_refused", ProviderRefusedError),
        ("credential_not_ready", ProviderRefusedError),
    ],
)
def test_a_refusal_is_an_error_that_says_what_to_do(
    fake: FakeTokenvend, client: Client, code: str, error: type[RefusedError]
) -> None:
    fake.refuse("sr-jobs", code)

    with pytest.raises(error) as caught:
        client.token("sr-jobs")

    assert type(caught.value) is error
    assert (caught.value.code, caught.value.retryable) == (code, False)


def test_a_refusal_is_remembered_for_a_moment_and_not_longer(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    fake.refuse("sr-jobs", "invalid_scope")
    for _ in range(50):
        with pytest.raises(RefusedError):
            client.token("sr-jobs")
    assert len(fake.calls) == 1

    fake.allow("sr-jobs")
    clock.advance(REFUSAL_REMEMBERED + 0.01)

    assert client.token("sr-jobs").scope is None


def test_a_user_who_has_just_consented_is_not_told_to_consent(
    fake: FakeTokenvend, client: Client
) -> None:
    with pytest.raises(ConsentRequiredError):
        client.token("hiring", connection="user-17")

    fake.connect("hiring", "user-17")

    assert client.token("hiring", connection="user-17").reveal() == "fake-hiring-1"


@pytest.mark.parametrize("code", ["invalid_client", "unauthorized_client", "consent_required"])
def test_who_may_no_longer_have_a_token_loses_the_one_in_hand(
    fake: FakeTokenvend, client: Client, clock: ManualClock, code: str
) -> None:
    client.token("sr-jobs")
    clock.advance(1800 * 0.91)
    fake.refuse("sr-jobs", code)

    for _ in range(2):
        with pytest.raises(RefusedError) as caught:
            client.token("sr-jobs")
        assert caught.value.code == code


@pytest.mark.parametrize("code", ["provider_refused", "credential_not_ready"])
def test_trouble_between_tokenvend_and_the_provider_leaves_the_valid_token(
    fake: FakeTokenvend, client: Client, clock: ManualClock, code: str
) -> None:
    first = client.token("sr-jobs")
    clock.advance(1800 * 0.91)
    fake.refuse("sr-jobs", code)

    assert client.token("sr-jobs") is first
    clock.advance(1800 * 0.10)
    with pytest.raises(ProviderRefusedError):
        client.token("sr-jobs")


def test_a_workload_that_lost_its_proof_keeps_the_token_in_hand_to_its_end(
    clock: ManualClock,
) -> None:
    fake = FakeTokenvend(clock=clock)
    way_in = Provable(fake)
    client = Client(way_in, clock=clock.clock())
    first = client.token("sr-jobs")
    clock.advance(1800 * 0.91)
    way_in.has_proof = False

    for _ in range(100):
        assert client.token("sr-jobs") is first
        clock.advance(1)
    assert way_in.attempts <= 10
    clock.advance(1800 * 0.1)
    with pytest.raises(CallerNotProvenError, match="no_proof"):
        client.token("sr-jobs")
    way_in.has_proof = True
    clock.advance(REFUSAL_REMEMBERED + 0.01)

    assert client.token("sr-jobs") is not first


class Provable:
    """A way in whose caller can lose its proof."""

    def __init__(self, fake: FakeTokenvend) -> None:
        self.fake = fake
        self.has_proof = True
        self.attempts = 0

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        del timeout_seconds
        self.attempts += 1
        if not self.has_proof:
            return Failure.of_proof("There are no credentials.")
        return Document(self.fake.answer(call))


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


def test_memory_is_bounded(fake: FakeTokenvend) -> None:
    client = fake.client(cache_entries=10)

    for user in range(500):
        client.token("hiring", tenant=f"customer-{user}")

    assert len(client._cache._slots) <= 10
    assert len(client._known) <= 10
