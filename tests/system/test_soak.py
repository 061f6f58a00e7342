"""Five minutes of `make soak`: the schedule by itself, while callers ask."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Long enough for a token of 300 s to be renewed once.
SECONDS = 285


def test_the_schedule_renews_before_anybody_waits_and_finds_what_changed() -> None:
    done = subprocess.run(
        ["make", "soak", f"SOAK_ARGS=--seconds {SECONDS}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS + 180,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    report = json.loads((ROOT / "build" / "soak.json").read_text())
    assert all(report["held"].values())
    assert report["requests"] > 100
    assert report["exchanges"]["jobs"] == 2
