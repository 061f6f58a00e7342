"""What the services between an example's functions store: queues, histories, log groups."""

import json
import time
from collections.abc import Callable
from typing import Any

from tokenvend_local.stack import LocalStack

_WITHIN_SECONDS = 45.0


def wait_for[Found](find: Callable[[], Found | None], what: str) -> Found:
    """What *find* gives, as soon as it is something."""
    deadline = time.monotonic() + _WITHIN_SECONDS
    while not (found := find()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)
    return found


class Kept:
    """Collects whole messages, events and histories, and searches them for what was issued."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._sqs = stack.client("sqs")
        self.texts: list[str] = []

    def receive(self, queue_url: str, number: int) -> list[dict[str, Any]]:
        """So many messages of a queue, whole; each is deleted."""
        found: list[dict[str, Any]] = []

        def enough() -> list[dict[str, Any]] | None:
            answer = self._sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            )
            for each in answer.get("Messages", []):
                self._sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])
                self.keep(each)
                found.append(each)
            return found if len(found) >= number else None

        return wait_for(enough, f"{number} messages in {queue_url}")

    def keep(self, document: object) -> None:
        """Search *document* too."""
        self.texts.append(json.dumps(document, default=str))

    def check(self) -> None:
        """Pass if no token of the provider and no secret was stored or logged."""
        issued = self._stack.provider.secret_values()
        kept = "\n".join([*self.texts, self._stack.logs()])

        assert issued
        assert self.texts
        leaked = [value[:6] + "…" for value in issued if value in kept]
        assert not leaked, f"kept or logged: {leaked}"
