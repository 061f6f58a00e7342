"""Runs spin: model → C → a verifier that visits every state."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from models.catalogue import Search

_LONGEST_SECONDS = 300
#: Deeper than any run of these models: a search that is cut short counts as failed.
_DEPTH = 1_000_000


class SpinError(Exception):
    """spin, the compiler or the verifier could not do its work; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `violation` is the first broken promise, in the model's words."""

    states: int
    errors: int
    violation: str | None


def run(search: Search) -> Found:
    """Search every state of *search*.

    Raises:
        SpinError: there is no spin or no C compiler, or the search was not exhaustive.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        defined = [f"-D{name}={value}" for name, value in search.definitions.items()]
        _call(work, "spin", "-a", *defined, str(search.source))
        kind = "-DNFAIR=3" if search.forever else "-DSAFETY"
        _call(work, "cc", "-w", "-O2", kind, "-DCOLLAPSE", "-DMEMLIM=4096", "-o", "pan", "pan.c")
        fair = ("-a", "-f") if search.forever else ()
        return parse(_call(work, "./pan", f"-m{_DEPTH}", *fair))


def parse(output: str) -> Found:
    """Read the verifier's report.

    Raises:
        SpinError: it does not say that every state was visited.
    """
    errors = re.search(r"errors: (\d+)", output)
    states = re.search(r"(\d+) states, stored", output)
    violation = re.search(r"^pan:1: (.+?)(?: \(at depth \d+\))?$", output, re.MULTILINE)
    if errors is None or states is None:
        raise SpinError(output.strip()[-500:])
    if int(errors[1]) == 0 and ("max search depth too small" in output or "aborted" in output):
        raise SpinError("the search was cut short")
    return Found(
        states=int(states[1]),
        errors=int(errors[1]),
        violation=violation[1] if violation else None,
    )


def _call(folder: Path, *command: str) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_SECONDS,
        )
    except FileNotFoundError:
        raise SpinError(
            f"There is no `{command[0]}`: apt-get install spin gcc, or by your system's own way."
        ) from None
    except subprocess.TimeoutExpired:
        raise SpinError(f"`{command[0]}` was not done after {_LONGEST_SECONDS} s") from None
    if done.returncode and command[0] != "./pan":
        raise SpinError(f"{command[0]}: {(done.stdout + done.stderr).strip()[-500:]}")
    return done.stdout + done.stderr
