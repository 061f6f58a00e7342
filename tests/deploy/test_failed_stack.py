"""A first deployment that failed is removed whole, and nothing that was ever used is."""

from typing import Any

import pytest
from tests.deploy.stubs import Stubs

from tokenvend_deploy.failed_stack import NotRemovableError, remove_failed_stack

TIME = "2026-03-01T12:00:00Z"
TABLE, GROUP, KEY = "tokenvend-ConnectionsTable-1", "/tokenvend/tokenvend/renew/1", "key-1"


def _stack(stubs: Stubs, status: str) -> None:
    stack = {"StackName": "tokenvend", "StackStatus": status, "CreationTime": TIME}
    stubs.answer("cloudformation", "describe_stacks", {"Stacks": [stack]}, StackName="tokenvend")


def _made(stubs: Stubs, *resources: tuple[str, str]) -> None:
    """What the events say; the newest page names the tables, an older one the rest."""
    events = [
        {
            "StackId": "arn:stack",
            "EventId": f"{number}",
            "StackName": "tokenvend",
            "PhysicalResourceId": name,
            "ResourceType": kind,
            "Timestamp": TIME,
        }
        for number, (kind, name) in enumerate(resources)
    ]
    first, rest = {"StackEvents": events[:1], "NextToken": "older"}, {"StackEvents": events[1:]}
    stubs.answer("cloudformation", "describe_stack_events", first, StackName="tokenvend")
    stubs.answer(
        *("cloudformation", "describe_stack_events", rest), StackName="tokenvend", NextToken="older"
    )


def _table(stubs: Stubs, *, items: int) -> None:
    stubs.answer(
        "dynamodb", "scan", {"Count": items}, TableName=TABLE, Limit=1, ConsistentRead=True
    )


def _described_table(stubs: Stubs, **more: Any) -> None:
    table = {"Table": {"TableName": TABLE, "TableStatus": "ACTIVE", **more}}
    stubs.answer("dynamodb", "describe_table", table, TableName=TABLE)


def _described_logs(stubs: Stubs, **more: Any) -> None:
    beside = {"logGroupName": f"{GROUP}0"}
    groups = {"logGroups": [{"logGroupName": GROUP, **more}, beside]}
    stubs.answer("logs", "describe_log_groups", groups, logGroupNamePrefix=GROUP)


def _described_key(stubs: Stubs, state: str) -> None:
    stubs.answer(
        "kms", "describe_key", {"KeyMetadata": {"KeyId": KEY, "KeyState": state}}, KeyId=KEY
    )


def _is_deleted(stubs: Stubs) -> None:
    stubs.answer("cloudformation", "delete_stack", {}, StackName="tokenvend")
    _stack(stubs, "DELETE_COMPLETE")


RETAINED = (
    ("AWS::DynamoDB::Table", TABLE),
    ("AWS::Logs::LogGroup", GROUP),
    ("AWS::KMS::Key", KEY),
    ("AWS::Lambda::Function", "tokenvend-VendIamFunction-1"),
)


def test_what_cloudformation_retains_is_deleted_too() -> None:
    stubs = Stubs()
    _stack(stubs, "ROLLBACK_FAILED")
    _made(stubs, *RETAINED)
    _table(stubs, items=0)
    _described_table(stubs, DeletionProtectionEnabled=True)
    stubs.answer("dynamodb", "update_table", {}, TableName=TABLE, DeletionProtectionEnabled=False)
    _described_table(stubs)
    _described_logs(stubs, deletionProtectionEnabled=True)
    stubs.answer(
        *("logs", "put_log_group_deletion_protection", {}),
        logGroupIdentifier=GROUP,
        deletionProtectionEnabled=False,
    )
    _is_deleted(stubs)
    stubs.answer("dynamodb", "delete_table", {}, TableName=TABLE)
    stubs.refuse("dynamodb", "describe_table", "ResourceNotFoundException")
    stubs.answer("logs", "delete_log_group", {}, logGroupName=GROUP)
    _described_key(stubs, "Enabled")
    stubs.answer("kms", "schedule_key_deletion", {}, KeyId=KEY, PendingWindowInDays=7)
    stubs.refuse("dynamodb", "describe_table", "ResourceNotFoundException")
    stubs.answer("logs", "describe_log_groups", {"logGroups": []}, logGroupNamePrefix=GROUP)
    _described_key(stubs, "PendingDeletion")

    remove_failed_stack(stubs.client, "tokenvend")

    stubs.all_asked()


def test_what_the_roll_back_deleted_already_is_no_trouble() -> None:
    stubs = Stubs()
    _stack(stubs, "ROLLBACK_COMPLETE")
    _made(stubs, *RETAINED)
    stubs.refuse("dynamodb", "scan", "ResourceNotFoundException")
    stubs.refuse("dynamodb", "describe_table", "ResourceNotFoundException")
    stubs.answer("logs", "describe_log_groups", {"logGroups": []}, logGroupNamePrefix=GROUP)
    _is_deleted(stubs)
    stubs.refuse("dynamodb", "delete_table", "ResourceNotFoundException")
    stubs.refuse("logs", "delete_log_group", "ResourceNotFoundException")
    _described_key(stubs, "PendingDeletion")
    stubs.refuse("dynamodb", "describe_table", "ResourceNotFoundException")
    stubs.answer("logs", "describe_log_groups", {"logGroups": []}, logGroupNamePrefix=GROUP)
    _described_key(stubs, "PendingDeletion")

    remove_failed_stack(stubs.client, "tokenvend")

    stubs.all_asked()


def test_what_is_still_there_is_named() -> None:
    stubs = Stubs()
    _stack(stubs, "ROLLBACK_FAILED")
    _made(stubs, ("AWS::Logs::LogGroup", GROUP))
    _described_logs(stubs)
    _is_deleted(stubs)
    stubs.answer("logs", "delete_log_group", {}, logGroupName=GROUP)
    _described_logs(stubs)

    with pytest.raises(NotRemovableError, match=f"still there is: the log group {GROUP}"):
        remove_failed_stack(stubs.client, "tokenvend")


def test_a_table_that_holds_something_is_never_removed() -> None:
    stubs = Stubs()
    _stack(stubs, "ROLLBACK_FAILED")
    _made(stubs, ("AWS::DynamoDB::Table", TABLE))
    _table(stubs, items=1)

    with pytest.raises(NotRemovableError, match="is not empty: nothing was removed"):
        remove_failed_stack(stubs.client, "tokenvend")


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_was_deployed_is_never_removed(status: str) -> None:
    stubs = Stubs()
    _stack(stubs, status)

    with pytest.raises(NotRemovableError, match="was deployed"):
        remove_failed_stack(stubs.client, "tokenvend")
