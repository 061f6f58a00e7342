"""`python -m soak [--seconds N]`: what `make soak` runs."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.local_stack.harness import Harness
from tests.local_stack.schedules import schedules

from soak.scenario import LIFETIMES, SoakRequest, SoakScenario
from tokenvend_local import places
from tokenvend_local.errors import LocalStackError
from tokenvend_local.progress import step_shown
from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import LocalStack, local_stack

REPORT = places.BUILD / "soak.json"
DEFAULT_SECONDS = 15 * 60
EVERY_SECONDS = 7.0
#: Renewal keeps its own schedule. These come each quarter of an hour and each hour, so they fire
#: more often, or a soak would see the one once and the other never.
SCHEDULES = {"SweepSchedule": "rate(2 minutes)", "KeepAliveSchedule": "rate(1 minute)"}


def main(arguments: Sequence[str]) -> int:
    """Ask for tokens while the schedule does its work; 1 if anything did not hold."""
    parser = argparse.ArgumentParser(prog="make soak SOAK_ARGS=…", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS)
    seconds = parser.parse_args(arguments).seconds
    # Requests to our own loopback ports must not go through the user's proxy.
    os.environ.update(dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"))
    try:
        with (
            local_stack(FOLDER / "soak", step=step_shown) as stack,
            tempfile.TemporaryDirectory() as folder,
        ):
            report = _soak(stack, Path(folder), seconds)
    except LocalStackError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    _show(report)
    return 0 if all(report["held"].values()) else 1


def _soak(stack: LocalStack, folder: Path, seconds: float) -> dict[str, Any]:
    with step_shown("Applying callers, credentials and grants"):
        scenario = SoakScenario(stack, Harness(stack, folder, set()))
    with schedules(stack, SCHEDULES):
        began = time.monotonic()
        scenario.connect_and_leave_idle()
        scenario.change_a_secret_elsewhere()
        requested: list[SoakRequest] = []
        while time.monotonic() - began < seconds:
            round_began = time.monotonic()
            requested += scenario.ask(began)
            _tell(round_began - began, seconds, requested)
            time.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - round_began)))
        return _judge(scenario, requested, seconds)


def _tell(at: float, seconds: float, requested: Sequence[SoakRequest]) -> None:
    waited = sum(each.waited for each in requested)
    print(f"  {at:4.0f} of {seconds:.0f} s: {len(requested)} requests, {waited} waited", flush=True)


def _judge(
    scenario: SoakScenario, requested: Sequence[SoakRequest], seconds: float
) -> dict[str, Any]:
    first_waits = {
        name: next(each for each in requested if each.credential == name) for name in LIFETIMES
    }
    later_waits = [each for each in requested if each.waited and each not in first_waits.values()]
    exchanges = {
        name: len(scenario.stack.provider.exchanges(scenario.clients[name].client_id))
        for name in LIFETIMES
    }
    renewable = [name for name, lifetime in LIFETIMES.items() if seconds > 0.9 * lifetime]
    found = [line for line in scenario.stack.function_logs() if '"changed secret"' in line]
    return {
        "seconds": seconds,
        "requests": len(requested),
        "exchanges": exchanges,
        "idle_refreshes": scenario.idle_refreshes(),
        "slowest_later_seconds": max(
            each.answer.seconds for each in requested if each not in first_waits.values()
        ),
        "waits_after_first": [
            {"at": round(each.at), "entry": each.entry, "credential": each.credential}
            for each in later_waits
        ],
        "held": {
            "every request got a token": all(each.answer.error is None for each in requested),
            "no request waited after its first": not later_waits,
            "the schedule renewed": all(exchanges[name] > 1 for name in renewable)
            and bool(renewable),
            "the sweep found the changed secret": any('"turned"' in line for line in found),
            "the keep-alive refreshed the idle connection": scenario.idle_refreshes() >= 1,
        },
    }


def _show(report: dict[str, Any]) -> None:
    for promise, held in report["held"].items():
        print(f"{'held  ' if held else 'BROKEN'} {promise}")
    print(f"{REPORT.relative_to(places.ROOT)} has the figures: {report['requests']} requests,")
    print(f"{report['exchanges']} exchanges, {report['idle_refreshes']} refreshes of the idle one.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
