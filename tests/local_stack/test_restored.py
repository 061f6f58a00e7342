"""Two environments that Lambda restores from one snapshot, taken while it served."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.local_stack.bare import Scenario, deployed_variables, prepare_stage
from tests.local_stack.harness import Harness

from tokenvend_local import emulator, places
from tokenvend_local.stack import LocalStack

FUNCTION = "VendDirectFunction"
SCRIPT = Path(__file__).parent / "restored.py"


@pytest.fixture(scope="module")
def scenario(harness: Harness) -> Scenario:
    return prepare_stage(harness)


def _nothing() -> None:
    return


def _two_from_one_snapshot(
    stack: LocalStack, scenario: Scenario, meanwhile: Callable[[], object] = _nothing
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What was answered before the snapshot, and by each environment restored from it.

    *meanwhile* happens after the snapshot and before it is restored.
    """
    environment = emulator.lambda_environment(FUNCTION, alias=scenario.caller)
    process = subprocess.Popen(
        [str(places.RUNTIME_PYTHON), str(SCRIPT), json.dumps(scenario.direct()), scenario.caller],
        env=environment | deployed_variables(stack, FUNCTION),
        cwd=places.SAM_BUILD / FUNCTION,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        before: list[dict[str, Any]] = []
        while len(before) < 2:
            before += _ours(process.stdout.readline())
        meanwhile()
        process.stdin.write("\n")
        process.stdin.close()
        after = [each for line in process.stdout for each in _ours(line)]
        assert process.wait() == 0
    return before, after


def _ours(line: str) -> list[dict[str, Any]]:
    """*line*, unless it is one of the function's own."""
    document = json.loads(line)
    return [] if "level" in document else [document]


def test_nothing_that_must_be_an_environments_own_is_shared(
    stack: LocalStack, scenario: Scenario
) -> None:
    before, (one, other) = _two_from_one_snapshot(stack, scenario)

    assert before[1]["source"] == "memory"
    assert one["random"] != other["random"]
    assert one["lease"] != other["lease"]
    for each in (one, other):
        # The snapshot had connections, and the copy uses none of them.
        assert each["inherited"] > 0
        assert each["kept"] == 0
        # What memory held is checked anew.
        assert each["source"] == "store"


def test_a_block_after_the_snapshot_holds_for_what_is_restored_from_it(
    stack: LocalStack, scenario: Scenario
) -> None:
    def block() -> None:
        stack.tokenvend("block", "caller", scenario.caller, "--reason", "test")

    before, after = _two_from_one_snapshot(stack, scenario, meanwhile=block)
    stack.tokenvend("unblock", "caller", scenario.caller)

    assert before[1]["source"] == "memory"
    assert [each["error"] for each in after] == ["invalid_client", "invalid_client"]
