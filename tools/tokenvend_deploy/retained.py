"""The kinds of resource that outlive a deleted stack, and how to delete each."""

from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tokenvend_deploy.stack import ClientOf

#: KMS deletes no key sooner. Until then the key costs nothing.
KEY_WAITS_DAYS = 7
_IS_GONE = frozenset({"ResourceNotFoundException", "NotFoundException"})


class RetainedKind(Protocol):
    """One kind of resource, by the names or ids that CloudFormation gives it.

    No method raises if the resource no longer exists.
    """

    #: The type in the template, and the word for it in a message.
    type: str
    label: str

    def holds_something(self, name: str) -> bool:
        """Whether deleting the resource would lose data."""

    def unprotect(self, name: str) -> None:
        """Remove the resource's deletion protection."""

    def delete(self, name: str) -> None:
        """Delete it."""

    def exists(self, name: str) -> bool:
        """Whether the resource still exists and costs money."""


class Tables:
    """DynamoDB tables."""

    type = "AWS::DynamoDB::Table"
    label = "table"

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb

    def holds_something(self, name: str) -> bool:
        """Whether it has an item."""
        found = _unless_gone(self._dynamodb.scan, TableName=name, Limit=1, ConsistentRead=True)
        return bool(found and found["Count"])

    def unprotect(self, name: str) -> None:
        """Switch its deletion protection off."""
        table = _unless_gone(self._dynamodb.describe_table, TableName=name)
        if table and table["Table"].get("DeletionProtectionEnabled"):
            self._dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            self._dynamodb.get_waiter("table_exists").wait(TableName=name)

    def delete(self, name: str) -> None:
        """Delete it, and wait until it is gone."""
        if _unless_gone(self._dynamodb.delete_table, TableName=name) is not None:
            self._dynamodb.get_waiter("table_not_exists").wait(TableName=name)

    def exists(self, name: str) -> bool:
        """Whether it is there."""
        return _unless_gone(self._dynamodb.describe_table, TableName=name) is not None


class LogGroups:
    """CloudWatch log groups."""

    type = "AWS::Logs::LogGroup"
    label = "log group"

    def __init__(self, logs: Any) -> None:
        self._logs = logs

    def holds_something(self, name: str) -> bool:
        """Return False: a failed deployment has served no request, so its logs prove nothing."""
        del name
        return False

    def unprotect(self, name: str) -> None:
        """Switch its deletion protection off."""
        group = self._find(name)
        if group and group.get("deletionProtectionEnabled"):
            self._logs.put_log_group_deletion_protection(
                logGroupIdentifier=name, deletionProtectionEnabled=False
            )

    def delete(self, name: str) -> None:
        """Delete it."""
        _unless_gone(self._logs.delete_log_group, logGroupName=name)

    def exists(self, name: str) -> bool:
        """Whether it is there."""
        return self._find(name) is not None

    def _find(self, name: str) -> dict[str, Any] | None:
        found = self._logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return next((each for each in found if each["logGroupName"] == name), None)


class Keys:
    """KMS keys."""

    type = "AWS::KMS::Key"
    label = "key"

    def __init__(self, kms: Any) -> None:
        self._kms = kms

    def holds_something(self, name: str) -> bool:
        """Return False: what the key encrypts is in the tables."""
        del name
        return False

    def unprotect(self, name: str) -> None:
        """Do nothing: a key's protection is the waiting period."""

    def delete(self, name: str) -> None:
        """Schedule the key's deletion in 7 days."""
        if self.exists(name):
            self._kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=KEY_WAITS_DAYS)

    def exists(self, name: str) -> bool:
        """Whether it is there and not about to be deleted."""
        found = _unless_gone(self._kms.describe_key, KeyId=name)
        return bool(found) and not found["KeyMetadata"]["KeyState"].startswith("Pending")


def retained_kinds(client: ClientOf) -> tuple[RetainedKind, ...]:
    """Every kind that the template retains."""
    return Tables(client("dynamodb")), LogGroups(client("logs")), Keys(client("kms"))


def _unless_gone(call: Callable[..., Any], **arguments: Any) -> Any:
    try:
        return call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in _IS_GONE:
            return None
        raise
