"""`make demo`, as somebody runs it who has just cloned the project."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LONGEST_SECONDS = 240


@pytest.fixture
def command() -> Iterator[subprocess.Popen[str]]:
    """`make demo` in a process group of its own, as a terminal starts it."""
    with subprocess.Popen(
        ["make", "demo"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _alive(group: int) -> list[str]:
    """The command lines of what still runs in *group*."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append((status.parent / "cmdline").read_text(encoding="utf-8"))
        except OSError:
            continue
    return found


def test_demo_shows_who_got_which_token_and_leaves_nothing_running(
    command: subprocess.Popen[str],
) -> None:
    shown, _ = command.communicate(timeout=_LONGEST_SECONDS)

    assert command.returncode == 0, shown
    for source in ("provider", "memory", "store"):
        assert source in shown
    for error in ("invalid_scope", "unauthorized_client", "invalid_client"):
        assert error in shown
    assert "What to try next" in shown
    assert _alive(command.pid) == []


def test_interrupted_demo_stops_what_it_started(command: subprocess.Popen[str]) -> None:
    assert command.stdout is not None
    seen = ""
    while "Deploying" not in seen:
        line = command.stdout.readline()
        assert line, seen
        seen += line
        if "Starting the local AWS" in line:
            break
    time.sleep(1)

    os.killpg(command.pid, signal.SIGINT)
    command.communicate(timeout=60)

    assert command.returncode != 0
    assert _alive(command.pid) == []
