"""Many tokens by few calls: what is fetched ahead, and what the next request gets."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from tokenvend_client import (
    Client,
    DirectInvocation,
    OAuthClient,
    RefusedError,
    TemporarilyUnavailableError,
)
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call
from tokenvend_client.secret import Secret
from tokenvend_client.testing import FakeTokenvend, ManualClock
from tokenvend_client.ways_in import Document

AWS = AwsCredentials("AKIDEXAMPLE", Secret("key"), Secret("session"))
TENANTS = [f"tenant-{number}" for number in range(30)]


@pytest.fixture
def served(fake: FakeTokenvend) -> Iterator[str]:
    fake.clients = {"ci": "tv_secret"}
    with fake.serve() as url:
        yield url


def by_invocation(url: str) -> DirectInvocation:
    return DirectInvocation(
        "vend:billing", region="eu-west-1", credentials=lambda: AWS, endpoint=url
    )


def test_thirty_tenants_take_two_invocations_and_no_more(fake: FakeTokenvend, served: str) -> None:
    client = Client(by_invocation(served))

    client.prefetch("sr-partner", tenants=TENANTS, scope="jobs_read")
    tokens = {client.token("sr-partner", tenant=each, scope="jobs_read") for each in TENANTS}

    assert (fake.batches, len(fake.calls), len(tokens)) == (2, 30, 30)


def test_connections_are_fetched_too(fake: FakeTokenvend, client: Client) -> None:
    for user in ("user-1", "user-2"):
        fake.connect("hiring", user)

    client.prefetch("hiring", connections=["user-1", "user-2"])

    assert client.token("hiring", connection="user-2").reveal() == "fake-hiring-2"
    assert len(fake.calls) == 2


def test_what_is_in_memory_is_not_fetched_and_nothing_twice(
    fake: FakeTokenvend, client: Client
) -> None:
    known = client.token("sr-partner", tenant="acme")

    client.prefetch("sr-partner", tenants=["acme", "globex", "globex"])
    client.prefetch("sr-partner", tenants=["acme", "globex"])

    assert client.token("sr-partner", tenant="acme") is known
    assert [call.parameters["tenant"] for call in fake.calls] == ["acme", "globex"]
    assert fake.batches == 1


def test_refusal_is_raised_where_the_token_is_asked_for(
    fake: FakeTokenvend, client: Client
) -> None:
    fake.refuse("sr-partner", "invalid_target")

    client.prefetch("sr-partner", tenants=["acme"])

    with pytest.raises(RefusedError, match="invalid_target"):
        client.token("sr-partner", tenant="acme")
    assert len(fake.calls) == 1


def test_trouble_is_told_with_its_time_and_prefetched_no_sooner(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    fake.go_away(retry_after_seconds=20)
    client.prefetch("sr-partner", tenants=["acme"])

    with pytest.raises(TemporarilyUnavailableError) as caught:
        client.token("sr-partner", tenant="acme")
    client.prefetch("sr-partner", tenants=["acme"])

    assert 20 <= caught.value.retry_after_seconds <= 25
    assert len(fake.calls) == 1
    fake.come_back()
    clock.advance(26)
    client.prefetch("sr-partner", tenants=["acme"])
    assert client.token("sr-partner", tenant="acme").reveal() == "fake-sr-partner-1"


def test_over_http_each_token_is_fetched_when_it_is_asked_for(
    fake: FakeTokenvend, served: str
) -> None:
    client = Client(OAuthClient(served, "ci", "tv_secret"))

    client.prefetch("sr-partner", tenants=["acme"])

    assert fake.calls == []
    assert client.token("sr-partner", tenant="acme").reveal() == "fake-sr-partner-1"


class NoBatch:
    """Takes single calls, and has no answer to a batch, or one that is too short."""

    def __init__(self, answer: Sequence[Document | Failure] | Failure) -> None:
        self.fake, self.answer = FakeTokenvend(), answer

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        del timeout_seconds
        return Document(self.fake.answer(call))

    def send_batch(
        self, calls: Sequence[Call], *, timeout_seconds: float
    ) -> Sequence[Document | Failure] | Failure:
        del calls, timeout_seconds
        return self.answer


@pytest.mark.parametrize("answer", [Failure("Throttled."), []], ids=["a failure", "too short"])
def test_batch_without_an_answer_leaves_nothing_behind(
    answer: Sequence[Document | Failure] | Failure,
) -> None:
    client = Client(NoBatch(answer))

    client.prefetch("sr-partner", tenants=["acme"])

    assert client.token("sr-partner", tenant="acme").reveal() == "fake-sr-partner-1"


def test_whoever_asks_meanwhile_waits_for_the_batch(fake: FakeTokenvend, client: Client) -> None:
    reached, opened, got = threading.Event(), threading.Event(), list[str]()

    def hold(_: Call) -> None:
        reached.set()
        assert opened.wait(10)

    fake.during(hold)
    fetching = threading.Thread(target=lambda: client.prefetch("sr-partner", tenants=["acme"]))
    fetching.start()
    assert reached.wait(10)
    asking = threading.Thread(
        target=lambda: got.append(client.token("sr-partner", tenant="acme").reveal())
    )
    asking.start()

    opened.set()
    fetching.join(10)
    asking.join(10)

    assert got == ["fake-sr-partner-1"]
    assert len(fake.calls) == 1


def test_interrupted_batch_holds_nobody_up(fake: FakeTokenvend, client: Client) -> None:
    def interrupt(_: Call) -> None:
        raise KeyboardInterrupt

    fake.during(interrupt)
    with pytest.raises(KeyboardInterrupt):
        client.prefetch("sr-partner", tenants=["acme"])
    fake.during(lambda _: None)

    assert client.token("sr-partner", tenant="acme").reveal() == "fake-sr-partner-1"
