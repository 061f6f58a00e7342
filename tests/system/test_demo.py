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


def _parts() -> set[str]:
    """The processes of local stacks of this checkout that run now, whatever their group."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text(encoding="utf-8").split("\0")
        except OSError:
            continue
        names = {"tokenvend_local.demo_provider", "local_aws_server.py"}
        if words[0].startswith(str(ROOT)) and {Path(word).name for word in words} & names:
            found.add(folder.name)
    return found


def _system_temporary_files() -> set[str]:
    """What is in the system's temporary folders now."""
    folders = [Path("/tmp"), Path("/var/tmp")]  # noqa: S108 - it is looked at, nothing is written
    return {str(path) for folder in folders if folder.is_dir() for path in folder.iterdir()}


def test_demo_shows_who_got_which_token_and_leaves_nothing_running(
    command: subprocess.Popen[str],
) -> None:
    before, files_before = _parts(), _system_temporary_files()

    shown, _ = command.communicate(timeout=_LONGEST_SECONDS)

    assert command.returncode == 0, shown
    for source in ("provider", "memory", "store"):
        assert source in shown
    for error in ("invalid_scope", "unauthorized_client", "invalid_client"):
        assert error in shown
    assert "Ada consented in headless Chromium." in shown
    assert "What to try next" in shown
    assert _parts() <= before
    assert _system_temporary_files() <= files_before


def test_interrupted_demo_stops_what_it_started(command: subprocess.Popen[str]) -> None:
    before = _parts()
    deadline = time.monotonic() + 30
    while not _parts() - before:
        assert time.monotonic() < deadline, "nothing was started"
        time.sleep(0.05)

    os.killpg(command.pid, signal.SIGINT)
    command.communicate(timeout=60)

    assert command.returncode != 0
    assert _parts() <= before
