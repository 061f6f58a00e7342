"""One fetch for each token at a time, over threads, tasks and forks."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable

import pytest

from tokenvend_client import Client, TemporarilyUnavailableError
from tokenvend_client.request import Call
from tokenvend_client.testing import FakeTokenvend, ManualClock

THREADS = 20


class Gate:
    """Holds calls of a fake up until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, _: Call) -> None:
        self.reached.set()
        assert self.opened.wait(10)


def in_threads(count: int, work: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_many_threads_and_one_missing_token_make_one_call(
    fake: FakeTokenvend, client: Client
) -> None:
    gate, got = Gate(), list[str]()
    fake.during(gate)
    threads = in_threads(THREADS, lambda: got.append(client.token("sr-jobs").reveal()))
    gate.reached.wait(10)

    gate.opened.set()
    for thread in threads:
        thread.join(10)

    assert got == ["fake-sr-jobs-1"] * THREADS
    assert len(fake.calls) == 1


def test_one_caller_renews_ahead_while_the_others_go_on(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    first = client.token("sr-jobs")
    clock.advance(1800 * 0.92)
    gate, got = Gate(), list[str]()
    fake.during(gate)
    (renewing,) = in_threads(1, lambda: got.append(client.token("sr-jobs").reveal()))
    gate.reached.wait(10)

    # The fetch is under way, and nobody else waits for it.
    assert [client.token("sr-jobs") for _ in range(100)] == [first] * 100
    gate.opened.set()
    renewing.join(10)

    assert got == ["fake-sr-jobs-2"]
    assert len(fake.calls) == 2


def test_fetches_of_different_tokens_do_not_wait_for_each_other(
    fake: FakeTokenvend, client: Client
) -> None:
    gate = Gate()
    fake.during(lambda call: gate(call) if call.credential == "slow" else None)
    (slow,) = in_threads(1, lambda: client.token("slow"))
    gate.reached.wait(10)

    assert client.token("sr-jobs").reveal() == "fake-sr-jobs-1"
    gate.opened.set()
    slow.join(10)


def test_each_who_waited_gets_an_error_of_its_own(fake: FakeTokenvend, client: Client) -> None:
    gate, errors = Gate(), list[Exception]()
    fake.during(gate)
    fake.go_away(retry_after_seconds=60)

    def ask() -> None:
        try:
            client.token("sr-jobs")
        except TemporarilyUnavailableError as error:
            errors.append(error)

    threads = in_threads(THREADS, ask)
    gate.reached.wait(10)
    gate.opened.set()
    for thread in threads:
        thread.join(10)

    assert len({id(error) for error in errors}) == THREADS
    assert len(fake.calls) == 1


def test_tasks_and_threads_share_one_call(fake: FakeTokenvend, client: Client) -> None:
    gate, got = Gate(), list[str]()
    fake.during(gate)
    threads = in_threads(THREADS, lambda: got.append(client.token("sr-jobs").reveal()))
    gate.reached.wait(10)

    async def ask_together() -> list[str]:
        asking = [asyncio.create_task(client.token_async("sr-jobs")) for _ in range(THREADS)]
        await asyncio.sleep(0.05)
        gate.opened.set()
        return [token.reveal() for token in await asyncio.gather(*asking)]

    assert asyncio.run(ask_together()) == ["fake-sr-jobs-1"] * THREADS
    for thread in threads:
        thread.join(10)
    assert got == ["fake-sr-jobs-1"] * THREADS
    assert len(fake.calls) == 1


def test_the_event_loop_goes_on_while_a_token_is_fetched(
    fake: FakeTokenvend, client: Client
) -> None:
    gate = Gate()
    fake.during(gate)

    async def ask() -> int:
        asking = asyncio.create_task(client.token_async("sr-jobs"))
        await asyncio.to_thread(gate.reached.wait, 10)
        turns = 0
        for _ in range(10):
            await asyncio.sleep(0.001)
            turns += 1
        assert not asking.done()
        gate.opened.set()
        await asking
        return turns

    assert asyncio.run(ask()) == 10


def test_a_cancelled_task_leaves_the_fetch_to_those_who_wait_for_it(
    fake: FakeTokenvend, client: Client
) -> None:
    gate = Gate()
    fake.during(gate)

    async def ask() -> str:
        first = asyncio.create_task(client.token_async("sr-jobs"))
        await asyncio.to_thread(gate.reached.wait, 10)
        second = asyncio.create_task(client.token_async("sr-jobs"))
        await asyncio.sleep(0.01)
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        assert first.cancelled()
        gate.opened.set()
        return (await second).reveal()

    assert asyncio.run(ask()) == "fake-sr-jobs-1"
    assert len(fake.calls) == 1


def test_one_client_serves_one_event_loop_after_another(client: Client, clock: ManualClock) -> None:
    got = []
    for _ in range(3):
        got.append(asyncio.run(client.token_async("sr-jobs")).reveal())
        clock.advance(2000)

    assert got == ["fake-sr-jobs-1", "fake-sr-jobs-2", "fake-sr-jobs-3"]


def test_an_interrupted_fetch_leaves_nobody_waiting(fake: FakeTokenvend, client: Client) -> None:
    def interrupt(_: Call) -> None:
        raise KeyboardInterrupt

    fake.during(interrupt)
    with pytest.raises(KeyboardInterrupt):
        client.token("sr-jobs")
    fake.during(lambda _: None)

    # It is the interrupted caller's affair alone.
    assert client.token("sr-jobs").reveal() == "fake-sr-jobs-1"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_was_forked_during_a_fetch_fetches_for_itself(
    fake: FakeTokenvend, client: Client
) -> None:
    kept = client.token("sr-other")
    gate = Gate()
    fake.during(gate)
    (fetching,) = in_threads(1, lambda: client.token("sr-jobs"))
    gate.reached.wait(10)
    # The worst moment: a thread that is not in the child holds the lock.
    with client._cache._lock:
        child = os.fork()
        if child == 0:
            outcome = 1
            try:
                fake._lock = threading.RLock()
                fake.during(lambda _: None)
                outcome = _in_child(client, kept.token_sha256)
            finally:
                os._exit(outcome)
    gate.opened.set()
    fetching.join(10)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.token("sr-jobs").reveal().startswith("fake-sr-jobs-")


def _in_child(client: Client, kept: str) -> int:
    got: list[object] = []
    asking = threading.Thread(target=lambda: got.append(client.token("sr-jobs")), daemon=True)
    asking.start()
    asking.join(5)
    return 0 if got and client.token("sr-other").token_sha256 == kept else 2
