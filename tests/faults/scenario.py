"""One fault: a credential and a caller of its own, what it sees, what the provider counts."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.faults.table import Table
from tests.local_stack.harness import Harness

from tokenvend_local.callers import Answer, ask_signed
from tokenvend_local.fault_proxy import AwsFault, FaultProxy
from tokenvend_local.stack import LocalStack

#: Services of the local AWS, and how the environment variable for their endpoint ends.
SERVICES = {"dynamodb": "DYNAMODB", "kms": "KMS", "secretsmanager": "SECRETS_MANAGER"}
_RECOVERS_WITHIN_SECONDS = 60.0


class Scenario:
    """Asks, counts, and tells the table."""

    def __init__(
        self, stack: LocalStack, harness: Harness, proxies: dict[str, FaultProxy], table: Table
    ) -> None:
        self.stack = stack
        self._proxies = proxies
        self._table = table
        self.credential, caller = harness.name("jobs"), harness.name("caller")
        self._client_id = harness.credential(self.credential).client_id
        self.role = harness.role(caller)
        harness.caller(caller, iam=self.role)
        harness.grant(caller, self.credential)
        harness.apply()

    def aws(self, service: str, **fault: Any) -> None:
        """Have a service of the local AWS misbehave towards the functions."""
        self._proxies[service].misbehave(AwsFault(**fault))

    def provider(self, **how: Any) -> None:
        """Have the provider misbehave towards this credential."""
        self.stack.provider.misbehave(client_id=self._client_id, **how)

    def behave(self) -> None:
        """No fault any more."""
        for proxy in self._proxies.values():
            proxy.behave()
        self.stack.provider.behave(self._client_id)

    def ask(self) -> Answer:
        """One request."""
        return ask_signed(self.stack.deployed, self.role, self.credential)

    def ask_at_once(self, count: int) -> list[Answer]:
        """*count* requests at the same time."""
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda _: self.ask(), range(count)))

    def exchanges(self) -> int:
        """How many token requests the provider counted for this credential."""
        return len(self.stack.provider.exchanges(self._client_id))

    def until(self, is_so: Callable[[], bool], within_seconds: float = 20.0) -> None:
        """Wait until *is_so*."""
        deadline = time.monotonic() + within_seconds
        while not is_so():
            assert time.monotonic() < deadline, "it did not come to that"
            time.sleep(0.05)

    def recovers(self) -> None:
        """Ask as a patient caller does, until there is a token: nobody repairs anything."""
        self.until(lambda: self.ask().status == 200, _RECOVERS_WITHIN_SECONDS)

    def kill_workers(self) -> None:
        """Kill every execution environment as the machine below it may: without a word."""
        aws = self.stack.processes[0].pid
        workers = [pid for pid, parent in _running().items() if parent == aws]
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        # The local AWS would hand a request to one that is not quite dead yet.
        self.until(lambda: not _running().keys() & set(workers))

    def tell(self, fault: str, saw: str) -> None:
        """The table's row of this test."""
        self._table.add(fault, saw, self.exchanges())


def seen(*answers: Answer) -> str:
    """What callers saw, in the table's words."""
    return ", ".join(
        "a token" if answer.status == 200 else f"{answer.status} `{answer.error}`"
        for answer in answers
    )


def _running() -> dict[int, int]:
    """Every process that runs now, and its parent."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found
