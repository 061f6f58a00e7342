"""The schedule by itself: rules invoke the functions through `live`, by the policy of the alias."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.local_stack.world import World

from tokenvend_local.asking import ask_signed
from tokenvend_local.places import STACK_NAME
from tokenvend_local.stack import LocalStack

#: A rule fires at a full minute, and the function then does its work.
_WITHIN_SECONDS = 90.0
SCHEDULES = ("RenewSchedule", "SweepSchedule", "KeepAliveSchedule")


def _physical(stack: LocalStack, logical_id: str) -> str:
    described = stack.client("cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId=logical_id
    )
    return str(described["StackResourceDetail"]["PhysicalResourceId"])


def _changed_secrets(stack: LocalStack) -> set[str]:
    """The credentials of which the sweep has said that their secret was changed."""
    lines = [json.loads(line) for line in stack.function_logs() if line.startswith("{")]
    return {line["credential"] for line in lines if line.get("message") == "changed secret"}


def test_a_secret_that_is_changed_elsewhere_is_found_by_the_rule_itself(
    stack: LocalStack, world: World
) -> None:
    jobs, name = world.name("jobs"), world.name("swept")
    world.credential(jobs)
    role = world.role(name)
    world.caller(name, iam=role)
    world.grant(name, jobs)
    world.apply()
    assert ask_signed(stack.deployed, role, jobs).status == 200
    secret = f"{stack.deployed.outputs['SecretPrefix']}{jobs}"
    secrets = stack.client("secretsmanager")
    value = secrets.get_secret_value(SecretId=secret)["SecretString"]
    secrets.put_secret_value(SecretId=secret, SecretString=value)

    with _every_minute(stack, "SweepSchedule"):
        deadline = time.monotonic() + _WITHIN_SECONDS
        while jobs not in _changed_secrets(stack):
            assert time.monotonic() < deadline, "the sweep has found nothing"
            time.sleep(0.5)


@contextmanager
def _every_minute(stack: LocalStack, schedule: str) -> Iterator[None]:
    """The rule of *schedule* fires each minute meanwhile, instead of each quarter of an hour."""
    events, name = stack.client("events"), _physical(stack, schedule)
    usual = events.describe_rule(Name=name)["ScheduleExpression"]
    events.put_rule(Name=name, ScheduleExpression="cron(* * * * ? *)", State="ENABLED")
    try:
        yield
    finally:
        events.put_rule(Name=name, ScheduleExpression=usual, State="ENABLED")


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_rule_targets_the_live_alias(stack: LocalStack, schedule: str) -> None:
    targets = stack.client("events").list_targets_by_rule(Rule=_physical(stack, schedule))

    assert [each["Arn"].rpartition(":")[2] for each in targets["Targets"]] == ["live"]
