"""Why a deployment failed is read from the stack's events."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.deploy.stubs import Stubs

from tokenvend_deploy.stack import failure_reasons

STACK = "arn:stack/1"


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _event(minute: int, resource: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "StackId": STACK,
        "EventId": str(minute),
        "StackName": "tokenvend",
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": NOON + timedelta(minutes=minute),
    }


def test_what_failed_first_stands_first_and_what_was_cancelled_is_left_out() -> None:
    stubs = Stubs()
    newest_first = [
        _event(7, "tokenvend", "ROLLBACK_IN_PROGRESS", "The following resources failed"),
        _event(6, "VendingApi", "CREATE_FAILED", "Resource creation cancelled"),
        _event(5, "RenewRule", "CREATE_FAILED", "not authorized to perform events:PutRule"),
        _event(4, "DataKey", "CREATE_FAILED", "the limit of keys is reached"),
        _event(3, "tokenvend", "CREATE_IN_PROGRESS", "User Initiated"),
        _event(-1, "Older", "UPDATE_FAILED", "of a former deployment"),
    ]
    stubs.answer(
        *("cloudformation", "describe_stack_events", {"StackEvents": newest_first}),
        StackName="tokenvend",
    )

    assert failure_reasons(stubs.client("cloudformation"), "tokenvend", NOON) == [
        "DataKey: the limit of keys is reached",
        "RenewRule: not authorized to perform events:PutRule",
    ]
