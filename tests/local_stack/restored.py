"""One process that is snapshotted while it serves, and two environments that begin as it was.

Run in a built function's folder: `python restored.py EVENT ALIAS`. It answers once, and waits for a
line on its standard input. Then it forks twice; each child does what Lambda does after a restore,
answers once more, and prints what it is by as a line of JSON.
"""

import json
import os
import random
import sys
import types
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, ".")

from app import lambda_handler  # type: ignore[import-not-found]
from snapshot_restore_py import get_after_restore  # type: ignore[import-untyped]

from tokenvend.domain.lease import new_lease

NOW = datetime.now(UTC)
EVENT, ALIAS = json.loads(sys.argv[1]), sys.argv[2]
CONTEXT = types.SimpleNamespace(
    aws_request_id="1",
    invoked_function_arn=f"arn:aws:lambda:eu-west-1:111122223333:function:f:{ALIAS}",
    get_remaining_time_in_millis=lambda: 20_000,
)


def sockets() -> set[str]:
    """The connections of this process, by the inode that the system knows each by."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    found = {str(link.readlink()) for link in links}
    return {each for each in found if each.startswith("socket:")}


def say(document: dict[str, Any]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def answer() -> dict[str, Any]:
    """What the function answers now."""
    document: dict[str, Any] = lambda_handler(EVENT, CONTEXT)
    return {name: document.get(name) for name in ("source", "error")}


def restored() -> None:
    """One environment's first answer."""
    inherited = sockets()
    for function, arguments, named in get_after_restore():
        function(*arguments, **named)
    kept = sockets() & inherited
    document = answer()
    say(
        {
            **document,
            "inherited": len(inherited),
            "kept": len(kept),
            "lease": new_lease(
                now=NOW, deadline_at=NOW, expected_duration=timedelta(seconds=1)
            ).lease_id,
            "random": random.random(),  # noqa: S311 - what the jitter is drawn from
        }
    )


say(answer())
say(answer())
sys.stdin.readline()
for _ in range(2):
    child = os.fork()
    if not child:
        restored()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit("an environment died")
