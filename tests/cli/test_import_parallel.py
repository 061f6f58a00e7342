"""`secret import` writes as many secrets at once as it has workers."""

import threading
from typing import Any

import pytest
from tests.cli.conftest import Tokenvend
from tests.cli.importing import import_line, jsonl

from tokenvend_cli.deployment.secret_import import WORKERS
from tokenvend_cli.deployment.secrets import Secrets

_MEET_WITHIN_SECONDS = 20


def test_every_worker_writes_at_the_same_time_as_all_others(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()
    # Nobody passes it before all workers are there: one by one, the first would wait in vain.
    meeting, real = threading.Barrier(WORKERS, timeout=_MEET_WITHIN_SECONDS), Secrets.put_if_changed

    def put(self: Secrets, *arguments: Any) -> bool:
        meeting.wait()
        return real(self, *arguments)

    monkeypatch.setattr(Secrets, "put_if_changed", put)
    lines = jsonl(*(import_line(f"t{number}") for number in range(2 * WORKERS)))

    found = tokenvend.json("secret", "import", stdin=lines)

    assert WORKERS > 1
    assert (len(found["written"]), found["wrong"]) == (2 * WORKERS, [])
