"""`make up` leaves a stack that a person can use from the files it names; `make down` ends it."""

import json
import re
import subprocess
from pathlib import Path

import requests
from tests.system.conftest import make

from tokenvend_local import saved_state
from tokenvend_local.guide import NEXT

ROOT = Path(__file__).parents[2]


def copied(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the guide as a person pastes it, after sourcing the environment."""
    script = f"source build/local-stack/env && {command}"
    return subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_what_it_tells_to_try_works(up: str) -> None:
    commands = [command for command, _ in NEXT if command.startswith(("curl", "tokenvend"))]

    ended = [copied(command) for command in commands]

    assert all(command in up for command in commands)
    as_client, as_role = (json.loads(each.stdout) for each in ended[:2])
    assert as_client["scope"] == "reports:read"
    assert as_role["scope"] == "jobs_read users_read"
    assert "invalid_scope" in ended[2].stdout
    assert "is blocked" in ended[3].stdout
    assert "no longer blocked" in copied("tokenvend unblock caller dashboard").stdout


def test_own_code_calls_the_api_as_the_page_shows(up: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "local-stack.md").read_text(encoding="utf-8")
    (shown,) = [block for block in page.split("```") if "-m venv build/mine" in block]
    script = shown.replace("build/mine", str(tmp_path / "mine"))

    ended = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )

    assert "careers-site" in up
    assert ended.stdout.splitlines()[-1:] == ["200"], ended.stderr[-2000:]


def test_the_link_leads_to_the_page_that_asks(up: str) -> None:
    (link,) = re.findall(r"^  (http://\S+)$", up, re.MULTILINE)

    page = requests.get(link, timeout=30)

    assert page.status_code == 200
    assert "asks for access" in page.text


def test_a_second_time_changes_nothing(up: str) -> None:
    before = saved_state.STATE.read_text()

    assert "It was up already." in make("up")
    assert "What to try next" in up
    assert saved_state.STATE.read_text() == before


def test_no_secret_is_shown_or_left_for_others_to_read(up: str) -> None:
    credentials = (saved_state.FOLDER / "dashboard.curl").read_text()
    secret = credentials.rpartition(":")[2].strip().strip('"')

    assert secret.startswith("tv_")
    assert secret not in up
    secrets = ("dashboard.curl", "dashboard.env", "careers-site.curl", "aws-credentials")
    for name in (*secrets, "env", "state.json"):
        assert (saved_state.FOLDER / name).stat().st_mode & 0o077 == 0


def test_down_leaves_nothing(up: str) -> None:
    known = saved_state.state()
    assert known is not None

    make("down")

    assert not any(process.is_alive for process in saved_state.saved_processes(known))
    assert saved_state.state() is None
    assert {path.name for path in saved_state.FOLDER.iterdir() if path.is_file()} <= {
        "applied.yaml"
    }
    assert "Nothing is up." in make("down")
    assert "What to try next" in up
