"""`make smoke` on a local AWS: the rows that one can show, and that nothing of a run is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tokenvend_local import deployment, local_aws, places
from tokenvend_local.saved_state import FOLDER
from tokenvend_smoke.stages import STAGES

#: sam makes it for all its deployments, and leaves it.
SAMS_OWN = "aws-sam-cli-managed-default"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = Path(__file__).with_name("refusing_aws_server.py")
    with local_aws.running(FOLDER / "smoke", server=server) as endpoint:
        yield endpoint


def _start(endpoint: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tokenvend_smoke", "--yes"),
            *("--endpoint-url", endpoint, "--region", places.REGION),
        ],
        cwd=places.ROOT,
        env=places.environment({"PYTHONUNBUFFERED": "1"}, endpoint=endpoint, inherited=os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _left(endpoint: str) -> dict[str, list[str]]:
    """What costs something and is still there."""
    keys = deployment.client(endpoint, "kms")
    states = [
        keys.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in keys.list_keys()["Keys"]
    ]
    stacks = deployment.client(endpoint, "cloudformation").list_stacks()["StackSummaries"]
    groups = deployment.client(endpoint, "logs").describe_log_groups()["logGroups"]
    secrets = deployment.client(endpoint, "secretsmanager").list_secrets()["SecretList"]
    return {
        "stacks": [
            each["StackName"]
            for each in stacks
            if each["StackStatus"] != "DELETE_COMPLETE" and each["StackName"] != SAMS_OWN
        ],
        "tables": deployment.client(endpoint, "dynamodb").list_tables()["TableNames"],
        "log groups": [each["logGroupName"] for each in groups],
        "secrets": [each["Name"] for each in secrets],
        "keys": [
            each["KeyId"]
            for each in states
            if not each["KeyState"].startswith("Pending") and each["KeyManager"] == "CUSTOMER"
        ],
    }


NOTHING: dict[str, list[str]] = {
    name: [] for name in ("stacks", "tables", "log groups", "secrets", "keys")
}


def test_what_a_local_aws_can_show_holds_and_nothing_is_left(endpoint: str) -> None:
    shown = [row.what for stage in STAGES if stage.is_local for row in stage.rows if row.is_local]

    with _start(endpoint) as run:
        said = run.communicate()[0]

    assert run.returncode == 0, said
    assert len(shown) >= 10
    for what in shown:
        assert f"{what} … " in said
    rows = sum(len(stage.rows) for stage in STAGES)
    assert f"{len(shown)} held, 0 did not hold, {rows - len(shown)} not run." in said
    assert _left(endpoint) == NOTHING


def test_a_run_that_is_stopped_removes_what_it_made(endpoint: str) -> None:
    with _start(endpoint) as run:
        assert run.stdout is not None
        said = ""
        while "Deploying for the first time" not in said:
            read = run.stdout.read(1)
            assert read, said
            said += read
        made = _left(endpoint)
        run.send_signal(signal.SIGTERM)
        said += run.communicate()[0]

    assert len(made["stacks"]) >= 1
    assert "The run ended early: it was interrupted." in said
    assert run.returncode == 1
    assert _left(endpoint) == NOTHING
