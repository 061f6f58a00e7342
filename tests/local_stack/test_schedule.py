"""The schedule by itself: rules invoke the functions through `live`, by the policy of the alias."""

import json
import time

import pytest
from tests.local_stack.harness import Harness
from tests.local_stack.schedules import schedules

from tokenvend_local.callers import ask_signed
from tokenvend_local.stack import LocalStack

#: A rule fires at a full minute, and the function then does its work.
_WITHIN_SECONDS = 90.0
SCHEDULES = ("RenewSchedule", "SweepSchedule", "KeepAliveSchedule")


def _changed_secrets(stack: LocalStack) -> set[str]:
    """The credentials of which the sweep has said that their secret was changed."""
    lines = [json.loads(line) for line in stack.function_logs() if line.startswith("{")]
    return {line["credential"] for line in lines if line.get("message") == "changed secret"}


def test_a_secret_that_is_changed_elsewhere_is_found_by_the_rule_itself(
    stack: LocalStack, harness: Harness
) -> None:
    jobs, name = harness.name("jobs"), harness.name("swept")
    harness.credential(jobs)
    role = harness.role(name)
    harness.caller(name, iam=role)
    harness.grant(name, jobs)
    harness.apply()
    assert ask_signed(stack.deployed, role, jobs).status == 200
    secret = f"{stack.deployed.outputs['SecretPrefix']}{jobs}"
    secrets = stack.client("secretsmanager")
    value = secrets.get_secret_value(SecretId=secret)["SecretString"]
    secrets.put_secret_value(SecretId=secret, SecretString=value)

    with schedules(stack, {"SweepSchedule": "cron(* * * * ? *)"}):
        deadline = time.monotonic() + _WITHIN_SECONDS
        while jobs not in _changed_secrets(stack):
            assert time.monotonic() < deadline, "the sweep has found nothing"
            time.sleep(0.5)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_rule_targets_the_live_alias(stack: LocalStack, schedule: str) -> None:
    rule = stack.physical_ids()[schedule]
    targets = stack.client("events").list_targets_by_rule(Rule=rule)

    assert [each["Arn"].rpartition(":")[2] for each in targets["Targets"]] == ["live"]
