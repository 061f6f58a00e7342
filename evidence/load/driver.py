"""Callers that ask one request after another until the time is over."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock

from load.flows import Flow, Removal, Seen, Turn
from load.scenario import LoadScenario
from load.trouble import Trouble
from tokenvend_local.callers import Answer
from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Token, TokenExchangeRecord

type ReportProgress = Callable[[str], None]

_REPORT_EVERY_SECONDS = 10.0
_WARM_UP_SECONDS, _WARM_UP_SHARE = 30.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that was seen. `issued` is what the provider knows of each token's value.

    Workers start in the first `warm_up_seconds`: that time counts for every rule, and for no
    latency.
    """

    seconds: float
    callers: int
    memory_seconds: float
    warm_up_seconds: float
    began_at: float
    seen: Sequence[Seen]
    issued: dict[str, Token | None]
    exchanges: Sequence[TokenExchangeRecord]
    removals: Sequence[Removal]
    turns: Sequence[Turn]
    failures: int


class Ledger:
    """What many threads have seen, each token looked up at the provider once."""

    def __init__(self, provider: ProviderControl) -> None:
        self._provider = provider
        self._lock = Lock()
        self.seen: list[Seen] = []
        self.issued: dict[str, Token | None] = {}

    def enter(self, flow: Flow, sent_at: float, came_at: float, answers: Sequence[Answer]) -> None:
        """Keep what *answers* say, and look up what is new in them."""
        for answer in answers:
            retry = "Retry-After" in answer.headers or "retry_after_seconds" in answer.document
            took = answer.seconds or came_at - sent_at
            seen = Seen(flow, sent_at, came_at, answer.status, answer.document, retry, took)
            with self._lock:
                self.seen.append(seen)
                is_new = seen.token is not None and seen.token not in self.issued
            if is_new and seen.token is not None:
                found = self._provider.issued(seen.token)
                with self._lock:
                    self.issued[seen.token] = found


def drive(
    scenario: LoadScenario,
    *,
    seconds: float,
    callers: int,
    memory_seconds: float,
    seed: int,
    tell: ReportProgress,
) -> Run:
    """Have *callers* ask for *seconds*, with trouble meanwhile."""
    stopped, ledger = Event(), Ledger(scenario.stack.provider)
    trouble = Trouble(scenario, memory_seconds=memory_seconds, tell=tell, stopped=stopped)
    started, began_at = time.monotonic(), time.time()
    with ThreadPoolExecutor(callers + 1) as pool:
        work = [pool.submit(trouble.make)]
        for number in range(callers):
            numbers = random.Random(f"{seed} {number}")  # noqa: S311  no secret
            work.append(pool.submit(_ask_until, stopped, scenario.flows, ledger, numbers))
        _wait(seconds, work, ledger, tell)
        stopped.set()
        for each in work:
            each.result()
    ours = {each.client_id for each in scenario.clients.values()}
    return Run(
        seconds=time.monotonic() - started,
        callers=callers,
        memory_seconds=memory_seconds,
        warm_up_seconds=min(_WARM_UP_SECONDS, seconds * _WARM_UP_SHARE),
        began_at=began_at,
        seen=ledger.seen,
        issued=ledger.issued,
        exchanges=[e for e in scenario.stack.provider.exchanges() if e.client_id in ours],
        removals=trouble.removals,
        turns=trouble.turns,
        failures=trouble.failures,
    )


def _ask_until(
    stopped: Event, flows: Sequence[Flow], ledger: Ledger, numbers: random.Random
) -> None:
    weights = [flow.weight for flow in flows]
    while not stopped.is_set():
        (flow,) = numbers.choices(flows, weights)
        sent_at = time.time()
        answers = flow.send()
        ledger.enter(flow, sent_at, time.time(), answers)


def _wait(seconds: float, work: Sequence[object], ledger: Ledger, tell: ReportProgress) -> None:
    """Let *seconds* pass and say how it goes; a caller that fell over ends it at once."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(left, _REPORT_EVERY_SECONDS))
        tell(f"{len(ledger.seen)} answers, {len(ledger.issued)} tokens")
        if any(each.done() for each in work):  # type: ignore[attr-defined]
            return
