"""Start the processes of the local stack, wait until they answer, and stop all of them.

Each is started in a session of its own. So Ctrl-C reaches only the command that started it,
which then stops it in order; and its children, such as the local AWS's Lambda workers, are
stopped with it, because they are in its process group.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenvend_local.errors import LocalStackError

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.05

#: The processes that this interpreter started and has not stopped yet, by process id.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Process:
    """A started process. `born` distinguishes it from a later process with the same id."""

    name: str
    pid: int
    born: str

    @property
    def is_alive(self) -> bool:
        """Whether this process, and not a later one with its id, still runs."""
        return self.born != "" and birth(self.pid) == self.born


def birth(pid: int) -> str:
    """Return when the process *pid* started, in the system's own format; empty if there is none."""
    command = ["ps", "-o", "lstart=,stat=", "-p", str(pid)]
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name, in brackets, may hold spaces: fields are counted after it.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == "Z" else fields[19]
    words = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return "" if not words or words[-1].startswith("Z") else " ".join(words[:-1])


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def start(
    name: str,
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    log: Path,
    cwd: Path | None = None,
) -> Process:
    """Start *command* in the background, with its output in *log*."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    return Process(name, child.pid, birth(child.pid))


def run(
    name: str, command: Sequence[str], *, environ: Mapping[str, str], log: Path, cwd: Path
) -> int:
    """Run *command* and return its exit code. An interruption stops it and its children."""
    process = start(name, command, environ=environ, log=log, cwd=cwd)
    try:
        return _children[process.pid].wait()
    finally:
        stop(process)


def wait_until(
    process: Process, answers: Callable[[], bool], *, within_seconds: float, log: Path
) -> None:
    """Return when *answers*.

    Raises:
        LocalStackError: the process ended, or did not answer in time.
    """
    deadline = time.monotonic() + within_seconds
    while not answers():
        if not process.is_alive:
            raise LocalStackError(f"{process.name} ended as soon as it was started.", log=log)
        if time.monotonic() > deadline:
            raise LocalStackError(
                f"{process.name} did not answer within {within_seconds:.0f} s.", log=log
            )
        time.sleep(_POLL_SECONDS)


def stop(process: Process, *, patience_seconds: float = _STOP_SECONDS) -> None:
    """Stop *process* and its children by SIGTERM, then SIGKILL; no error if it has ended."""
    # A process that ended by itself may have left children running.
    if process.is_alive or process.pid in _children:
        _signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + patience_seconds
        while _group_exists(process.pid) and time.monotonic() < deadline:
            _reap(process.pid)
            time.sleep(_POLL_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)
    if child := _children.pop(process.pid, None):
        child.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS, where the leader is a zombie
        return False
    return True


def _reap(pid: int) -> None:
    """Collect the process if it is a child of ours: until then its group still exists."""
    if child := _children.get(pid):
        child.poll()
