"""`make demo`, as somebody runs it who has just cloned the project."""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LONGEST_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Command:
    """A running `make demo`. All that it starts inherits the variable `mark`."""

    process: subprocess.Popen[str]
    mark: str

    def parts(self) -> set[str]:
        """The command line of each of its processes that runs now, whatever its group."""
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                variables = (folder / "environ").read_bytes().split(b"\0")
                words = (folder / "cmdline").read_text(encoding="utf-8").split("\0")
            except OSError:
                continue
            if self.mark.encode() in variables:
                found.add(" ".join(words))
        return found

    def has_started(self) -> bool:
        """Whether the local AWS or the demo provider runs."""
        names = ("tokenvend_local.demo_provider", "local_aws_server.py")
        return any(name in part for part in self.parts() for name in names)


@pytest.fixture
def command() -> Iterator[Command]:
    """`make demo` in a process group of its own, as a terminal starts it."""
    name, value = "TOKENVEND_TEST_DEMO", secrets.token_hex(8)
    with subprocess.Popen(
        ["make", "demo"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", name: value},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield Command(process, f"{name}={value}")
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _system_temporary_files() -> set[str]:
    """What is in the system's temporary folders now."""
    folders = [Path("/tmp"), Path("/var/tmp")]  # noqa: S108 - it is looked at, nothing is written
    return {str(path) for folder in folders if folder.is_dir() for path in folder.iterdir()}


def test_demo_shows_who_got_which_token_and_leaves_nothing_running(
    command: Command,
) -> None:
    files_before = _system_temporary_files()

    shown, _ = command.process.communicate(timeout=_LONGEST_SECONDS)

    assert command.process.returncode == 0, shown
    for source in ("provider", "memory", "store"):
        assert source in shown
    for error in ("invalid_scope", "unauthorized_client", "invalid_client"):
        assert error in shown
    assert "Ada consented in headless Chromium." in shown
    assert "What to try next" in shown
    assert command.parts() == set()
    assert _system_temporary_files() <= files_before


def test_interrupted_demo_stops_what_it_started(command: Command) -> None:
    deadline = time.monotonic() + 30
    while not command.has_started():
        assert time.monotonic() < deadline, "nothing was started"
        time.sleep(0.05)

    os.killpg(command.process.pid, signal.SIGINT)
    command.process.communicate(timeout=60)

    assert command.process.returncode != 0
    assert command.parts() == set()
