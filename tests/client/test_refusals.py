"""What a refusal does to the token in memory."""

import pytest

from tokenvend_client import (
    CallerNotProvenError,
    Client,
    ConsentRequiredError,
    ProviderRefusedError,
    RefusedError,
)
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call
from tokenvend_client.testing import FakeTokenvend, ManualClock
from tokenvend_client.waiting import REFUSAL_REMEMBERED
from tokenvend_client.ways_in import Document


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
