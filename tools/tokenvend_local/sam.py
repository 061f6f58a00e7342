"""Run the SAM command so that it writes only to the build folder and sends no telemetry."""

import json
import os
import signal
import tempfile
import time
from pathlib import Path

from tokenvend_local import places, processes
from tokenvend_local.errors import LocalStackError
from tokenvend_local.places import ROOT, SAM

#: sam's own settings; by default they would be in the user's home.
_HOME = places.BUILD / "sam-home"


def run_sam(*arguments: str, log: Path, endpoint: str | None = None) -> None:
    """Run `sam` with *arguments*; with *endpoint*, all AWS calls go there.

    Raises:
        LocalStackError: it ended with another exit code than 0, which the text gives.
    """
    _ask_no_registry()
    path = f"{places.BUILD_PYTHON_BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    settings = {
        "PATH": path,
        "__SAM_CLI_APP_DIR": str(_HOME),
        # sam asks every 5 s how far a deployment has got; the local AWS is done in less.
        "SAM_CLI_POLL_DELAY": "0.5",
    }
    environ = places.environment(settings, endpoint=endpoint, inherited=os.environ)
    # sam does not remove the temporary folders in which it packs.
    with tempfile.TemporaryDirectory(dir=places.TEMPORARY) as temporary:
        environ["TMPDIR"] = temporary
        code = processes.run("sam", [str(SAM), *arguments], environ=environ, log=log, cwd=ROOT)
    if code:
        raise LocalStackError(f"`sam {arguments[0]}` {how_it_ended(code)}.", log=log)


def run_sam_for_aws(*arguments: str, log: Path, endpoint: str | None = None) -> None:
    """Run `sam` with *arguments* against the account that the user's own AWS settings name.

    Raises:
        LocalStackError: it ended with another exit code than 0, which the text gives.
    """
    if endpoint is not None:
        run_sam(*arguments, log=log, endpoint=endpoint)
        return
    _ask_no_registry()
    path = f"{places.BUILD_PYTHON_BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    environ = {**os.environ, "PATH": path, "__SAM_CLI_APP_DIR": str(_HOME)}
    code = processes.run("sam", [str(SAM), *arguments], environ=environ, log=log, cwd=ROOT)
    if code:
        raise LocalStackError(f"`sam {arguments[0]}` {how_it_ended(code)}.", log=log)


def how_it_ended(code: int) -> str:
    """Explain the exit code of a child process: it ended by itself, or a signal ended it."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _ask_no_registry() -> None:
    """Mark sam's weekly search for a newer version as just done.

    sam searches once a week, after the command's own work and before it exits: a build that
    succeeded would wait for a package registry, or fail with it.
    """
    _HOME.mkdir(parents=True, exist_ok=True)
    written = _HOME / f".metadata-{os.getpid()}"
    written.write_text(json.dumps({"lastVersionCheck": time.time()}))
    written.replace(_HOME / "metadata.json")
