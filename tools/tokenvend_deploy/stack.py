"""The CloudFormation stack as it is now, before anything is deployed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

#: Makes a boto3 client for a service.
type ClientOf = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack that exists. `outputs` is empty until its creation was completed."""

    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_failed(self) -> bool:
        """Whether its first deployment failed: CloudFormation can only delete it."""
        return self.status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}

    @property
    def was_never_updated(self) -> bool:
        """Whether nothing was deployed to it since it was created."""
        return self.status == "CREATE_COMPLETE"


def read_stack(cloudformation: Any, name: str) -> DeployedStack | None:
    """Return the stack *name*; `None` if there is none.

    Raises:
        botocore.exceptions.ClientError: CloudFormation does not say.
    """
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    if stack["StackStatus"] in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
        return None
    return DeployedStack(
        stack["StackStatus"],
        {
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in stack.get("Parameters", [])
        },
        {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
    )


def failure_reasons(cloudformation: Any, name: str, since: datetime) -> list[str]:
    """Return why the deployment that began after *since* failed, the earliest failure first.

    Each is a resource and its service's message; resources that were only cancelled because
    another failed are left out.

    Raises:
        botocore.exceptions.ClientError: CloudFormation does not say.
    """
    reasons: list[str] = []
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=name):
        for event in page["StackEvents"]:
            status, reason = event.get("ResourceStatus", ""), event.get("ResourceStatusReason", "")
            if event["Timestamp"] < since:
                return reasons[::-1]
            if status in {"CREATE_FAILED", "UPDATE_FAILED"} and "cancelled" not in reason:
                reasons.append(f"{event['LogicalResourceId']}: {reason}")
    return reasons[::-1]
