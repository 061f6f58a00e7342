"""Remove a stack whose first deployment failed and was not rolled back.

CloudFormation keeps what the template retains: the key, two tables and the log groups stay.
"""

from typing import Any

from tokenvend_deploy.preflight import read_stack
from tokenvend_local.errors import LocalStackError


class NotRemovableError(LocalStackError):
    """The stack is not one that never was: nothing of it is touched."""


def remove_failed_stack(cloudformation: Any, dynamodb: Any, name: str) -> None:
    """Delete the stack *name*, whose first deployment failed, if its tables are empty.

    A table with deletion protection stops the roll back. It is switched off, but only for a table
    that is empty: a stack that was ever used is left alone.

    Raises:
        NotRemovableError: it is in use, or a table of it holds something.
    """
    stack = read_stack(cloudformation, name)
    if stack is None:
        raise NotRemovableError(f"There is no stack {name}.")
    if not stack.is_failed:
        raise NotRemovableError(f"{name} was deployed ({stack.status}): it is not removed here.")
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    tables = [
        each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == "AWS::DynamoDB::Table"
        and each["ResourceStatus"] != "DELETE_COMPLETE"
    ]
    for table in tables:
        if dynamodb.scan(TableName=table, Limit=1)["Count"]:
            raise NotRemovableError(f"The table {table} is not empty: nothing was removed.")
    for table in tables:
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
