"""The kernel's promises: order of time, one run for a seed, and a death that nothing survives."""

from collections.abc import Callable

import pytest

from simulation.clock import SimulatedClock
from simulation.kernel import Kernel, State


def _steps(kernel: Kernel, log: list[str], name: str, *pauses: float) -> Callable[[], None]:
    def run() -> None:
        for seconds in pauses:
            log.append(f"{name}@{kernel.now:g}")
            kernel.pause(seconds)
        log.append(f"{name} ends@{kernel.now:g}")

    return run


def test_tasks_interleave_in_order_of_time() -> None:
    kernel, log = Kernel(), list[str]()
    kernel.spawn(_steps(kernel, log, "a", 2, 2))
    kernel.spawn(_steps(kernel, log, "b", 4), after=1)

    kernel.run()

    assert log == ["a@0", "b@1", "a@2", "a ends@4", "b ends@5"]


def test_run_stops_at_the_instant_it_was_given_and_goes_on_from_there() -> None:
    kernel, log = Kernel(), list[str]()
    kernel.spawn(_steps(kernel, log, "a", 5))

    kernel.run(until=3)
    before = list(log)
    kernel.run()

    assert (before, kernel.now, log) == (["a@0"], 5, ["a@0", "a ends@5"])


def test_one_seed_gives_one_run() -> None:
    def run_of(seed: int) -> list[str]:
        kernel, log = Kernel(seed), list[str]()
        for name in "abc":
            pauses = [kernel.random.random() for _ in range(4)]
            kernel.spawn(_steps(kernel, log, name, *pauses))
        kernel.run()
        return log

    assert run_of(7) == run_of(7)
    assert run_of(7) != run_of(8)


def test_killed_task_runs_no_further_line() -> None:
    kernel, log = Kernel(), list[str]()
    task = kernel.spawn(_steps(kernel, log, "a", 1, 1))
    kernel.run(until=0.5)

    kernel.kill(task)
    kernel.run()

    assert (log, task.state) == (["a@0"], State.CRASHED)


def test_task_that_catches_its_death_still_reaches_no_port() -> None:
    kernel, log = Kernel(), list[str]()

    def stubborn() -> None:
        try:
            kernel.pause(1)
        finally:
            kernel.pause(1)
            log.append("wrote after its death")

    task = kernel.spawn(stubborn)
    kernel.run(until=0.5)

    kernel.kill(task)
    kernel.run()

    assert (log, task.state) == ([], State.CRASHED)


def test_task_killed_before_its_start_never_starts() -> None:
    kernel, log = Kernel(), list[str]()
    task = kernel.spawn(_steps(kernel, log, "a", 1), after=1)

    kernel.kill(task)
    kernel.run()

    assert (log, task.state) == ([], State.CRASHED)


def test_task_resumed_out_of_turn_stalls_those_before_it() -> None:
    kernel, log = Kernel(), list[str]()
    kernel.spawn(_steps(kernel, log, "a", 1))
    late = kernel.spawn(_steps(kernel, log, "b", 1), after=10)

    kernel.resume(late)
    kernel.run()

    assert log == ["b@10", "a@10", "b ends@11", "a ends@11"]


def test_error_of_a_task_ends_the_simulation() -> None:
    kernel = Kernel()

    def broken() -> None:
        kernel.pause(1)
        raise LookupError("a bug")

    kernel.spawn(broken)

    with pytest.raises(LookupError, match="a bug"):
        kernel.run()


def test_only_a_task_may_pause() -> None:
    with pytest.raises(RuntimeError, match="only a task"):
        Kernel().pause(1)


def test_skewed_clock_is_wrong_about_the_hour_and_right_about_lengths() -> None:
    kernel = Kernel()
    right, fast = SimulatedClock(kernel), SimulatedClock(kernel, skew=300)
    kernel.spawn(lambda: fast.sleep(10))

    kernel.run()

    assert (fast.now() - right.now()).total_seconds() == 300
    assert (fast.monotonic(), right.monotonic()) == (10, 10)
