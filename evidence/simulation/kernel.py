"""Runs plain synchronous code as many interleaved tasks, in simulated time.

A task is a greenlet: it runs until it calls `Kernel.pause` (each port of `simulation.ports`
does), and goes on when its turn has come. One seed gives one run, always the same.

    READY ──its time comes──► RUNNING ──pause(s)──► READY, s seconds later
                                 │
                                 ├── returns ──► DONE
                                 └── killed at a pause ──► CRASHED (no further code of it runs)
"""

import heapq
from collections.abc import Callable
from enum import Enum, auto
from itertools import count
from math import inf
from random import Random

from greenlet import getcurrent, greenlet


class Crashed(BaseException):
    """Thrown into a task that is killed. No use case may catch it."""


class State(Enum):
    """Where a task is in its life."""

    READY = auto()
    RUNNING = auto()
    DONE = auto()
    CRASHED = auto()


class Task:
    """One run of something. `waits_for` says at which pause it stands."""

    __slots__ = ("_run", "began_at", "greenlet", "name", "state", "turn", "waits_for", "wakes_at")

    def __init__(self, name: str, run: Callable[[], None], *, wakes_at: float) -> None:
        self.name = name
        self.state = State.READY
        self.waits_for = "start"
        self.began_at = wakes_at
        self.wakes_at = wakes_at
        self.turn = -1  # which entry of the queue is its next: older ones are void
        self._run = run
        self.greenlet = greenlet(self._body)

    @property
    def is_over(self) -> bool:
        """Whether it will never run again."""
        return self.state in {State.DONE, State.CRASHED}

    def _body(self) -> None:
        try:
            self._run()
        except Crashed:
            self.state = State.CRASHED
        else:
            self.state = State.DONE

    def __repr__(self) -> str:
        return f"<{self.name} {self.state.name.lower()} at {self.waits_for}>"


class Kernel:
    """The queue of all tasks, and the true time.

    `now` counts seconds since the start. Whatever draws from `random` is the same in each run
    of one seed.
    """

    def __init__(self, seed: int = 0) -> None:
        self.now = 0.0
        self.random = Random(seed)  # noqa: S311 - a simulation must be repeatable
        self._queue: list[tuple[float, int, Task | Callable[[], None]]] = []
        self._order = count()
        self._running: Task | None = None
        self._horizon = -inf

    @property
    def running(self) -> Task:
        """The task whose code calls this."""
        if self._running is None or getcurrent() is not self._running.greenlet:
            raise RuntimeError("only a task may pause: start one with Kernel.spawn")
        return self._running

    def spawn(self, run: Callable[[], None], *, after: float = 0.0, name: str = "task") -> Task:
        """Let *run* begin *after* seconds. What it raises ends the simulation."""
        task = Task(name, run, wakes_at=self.now + after)
        self._queue_up(task)
        return task

    def call_at(self, instant: float, action: Callable[[], None]) -> None:
        """Do *action*, which must not pause, at *instant*: cheaper than a task."""
        heapq.heappush(self._queue, (max(instant, self.now), next(self._order), action))

    def pause(self, seconds: float, waits_for: str = "time") -> None:
        """Let others run for *seconds*; called by a task."""
        task = self.running
        if task.state is State.CRASHED:
            raise Crashed  # it caught its own death: it may do nothing more
        wakes_at = self.now + seconds
        if wakes_at <= self._horizon and (not self._queue or wakes_at < self._queue[0][0]):
            self.now = wakes_at  # nobody else's turn comes before: the same, without a switch
            return
        task.wakes_at = wakes_at
        task.waits_for = waits_for
        task.state = State.READY
        self._queue_up(task)
        parent = task.greenlet.parent
        if parent is None:
            raise AssertionError("a task always has whoever switched to it as its parent")
        parent.switch()

    def run(self, until: float | None = None) -> None:
        """Run everything in order of time, up to *until* or until nothing is left."""
        self._horizon = inf if until is None else until
        try:
            self._run_queue(until)
        finally:
            self._horizon = -inf
        if until is not None:
            self.now = max(self.now, until)

    def _run_queue(self, until: float | None) -> None:
        queue = self._queue
        while queue and (until is None or queue[0][0] <= until):
            instant, turn, what = heapq.heappop(queue)
            if not isinstance(what, Task):
                self.now = max(self.now, instant)
                what()
            elif what.state is State.READY and what.turn == turn:
                self.resume(what)

    def resume(self, task: Task) -> None:
        """Run *task* up to its next pause, now or at its time if that is later.

        Tasks that were to run before it have then been stalled: no machine promises its turn.
        """
        if task.state is not State.READY:
            raise ValueError(f"{task} cannot go on")
        self.now = max(self.now, task.wakes_at)
        self._switch_to(task)

    def delay(self, task: Task, seconds: float) -> None:
        """Let *task* go on no sooner than in *seconds*, whatever it waits for."""
        if task.state is not State.READY:
            raise ValueError(f"{task} cannot go on")
        task.wakes_at = max(task.wakes_at, self.now + seconds)
        self._queue_up(task)

    def kill(self, task: Task) -> None:
        """Crash *task* where it stands; of one that is over, nothing."""
        if task.is_over:
            return
        started = bool(task.greenlet)
        task.state = State.CRASHED
        if started:
            self._switch_to(task, crash=True)
            task.state = State.CRASHED

    def _switch_to(self, task: Task, *, crash: bool = False) -> None:
        before, self._running = self._running, task
        task.greenlet.parent = getcurrent()
        try:
            if crash:
                task.greenlet.throw(Crashed)
            else:
                task.state = State.RUNNING
                task.greenlet.switch()
        finally:
            self._running = before

    def _queue_up(self, task: Task) -> None:
        task.turn = next(self._order)
        heapq.heappush(self._queue, (task.wakes_at, task.turn, task))
