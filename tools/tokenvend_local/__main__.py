"""`python -m tokenvend_local COMMAND`: what the Makefile's targets of that name run."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from tokenvend_local import (
    artifact,
    chromium,
    consenting,
    demo,
    deployment,
    function_logs,
    guide,
    places,
    saved_state,
    table,
    tour,
)
from tokenvend_local.errors import LocalStackError
from tokenvend_local.progress import step_shown
from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import local_stack, start, stop

_IS_UP = "\nThe local stack is up: the local AWS at {endpoint}, the vending API at\n{api_url}"


def run_demo() -> int:
    """Start a stack, run the tour in it, and stop it."""
    out = table.console()
    folder = FOLDER / "demo"
    has_browser = chromium.is_found()
    consent = chromium.consent if has_browser else consenting.consent
    with local_stack(folder, step=step_shown) as stack:
        with step_shown("Applying demo/tokenvend.yaml, writing secrets"):
            ready = demo.set_up(stack, folder)
        with step_shown("Asking for tokens"):
            rows = [
                row
                for each in tour.stops(ready, consent)
                for row in tour.visit(each, stack.provider.url)
            ]
    out.print()
    out.print(table.build_table(rows))
    out.print(
        "A token is named by the start of its SHA-256 (token_sha256 in an answer). "
        "memory and store: the token was there. provider: it was fetched just now. "
        "The first call of each function also starts its process.",
        style="dim",
    )
    out.print(guide.how_ada_consented(in_browser=has_browser), style="dim")
    astray = [row for row in rows if not row.went_as_meant]
    if astray:
        out.print(f"\n{len(astray)} of {len(rows)} did not go as meant (in red).", style="red")
        out.print(f"What the functions logged: {folder / function_logs.FILE}")
        return 1
    guide.print_next(out, is_up=False)
    return 0


def run_up() -> int:
    """Start a stack and leave it running, unless one is up already."""
    out = table.console()
    known = saved_state.state()
    if known and all(process.is_alive for process in saved_state.saved_processes(known)):
        out.print("It was up already.")
        guide.print_next(out, is_up=True)
        return 0
    if known:
        run_down()
    stack = start(FOLDER / "up", step=step_shown)
    try:
        with step_shown("Applying demo/tokenvend.yaml, writing secrets"):
            ready = demo.set_up(stack, FOLDER)
        saved_state.keep(ready)
        link = consenting.start(ready, connection="you")
        stack.check_functions()
    except BaseException:
        stop(stack.processes)
        saved_state.forget()
        raise
    out.print(_IS_UP.format(endpoint=stack.endpoint, api_url=stack.api_url))
    guide.print_link(out, link)
    guide.print_next(out, is_up=True)
    return 0


def run_down() -> int:
    """Stop what `run_up` started, and nothing else."""
    known = saved_state.state()
    if known is None:
        sys.stdout.write("Nothing is up.\n")
        return 0
    with step_shown("Stopping the local stack"):
        stop(saved_state.saved_processes(known))
        saved_state.forget()
    return 0


def run_logs() -> int:
    """Print what the functions of the running stack have logged; return 1 if one failed."""
    known = saved_state.state()
    if known is None:
        sys.stdout.write("Nothing is up. Start it with: make up\n")
        return 1
    lines = function_logs.read(deployment.client(known["endpoint"], "logs"))
    sys.stdout.write(function_logs.as_text(lines))
    troubles = function_logs.find_troubles(lines)
    sys.stdout.write(f"\n{len(troubles)} errors in {len(lines)} log groups.\n")
    return 1 if troubles else 0


def run_build() -> int:
    """Build what is deployed to AWS."""
    with step_shown("Building functions and layer into .aws-sam/build"):
        artifact.build_for_aws(places.BUILD / "build.log")
    sys.stdout.write("Deploy it with: sam deploy --guided\n")
    return 0


COMMANDS = {"demo": run_demo, "up": run_up, "down": run_down, "logs": run_logs, "build": run_build}


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. On a signal, it first stops what it started."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        sys.stderr.write(f"usage: python -m tokenvend_local {'|'.join(COMMANDS)}\n")
        return 2
    # Requests to our own loopback ports must not go through the user's proxy.
    os.environ.update(dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return COMMANDS[arguments[0]]()
    except LocalStackError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped, with all that was started.\n")
        return 130


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End the command in order; ignore a second Ctrl-C, which would leave processes running."""
    del number, frame
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
