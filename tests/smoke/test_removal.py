"""Everything that a run made is removed, whatever of it is there, and the rest goes on."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.smoke.conftest import FakeRun
from tests.smoke.fake_aws import Answer, AwsError, refuse

from tokenvend_smoke.__main__ import main
from tokenvend_smoke.removal import remove_everything

STACK = "smoke-0a1b2c3d".ljust(60, "x")
NOW = datetime.now(UTC)
LOGS_ROLE = "api-gateway-logs-1"
MADE = (
    ("AWS::DynamoDB::Table", "RegistryTable", "registry-1"),
    ("AWS::Logs::LogGroup", "VendIamLogs", "/tokenvend/smoke/vend"),
    ("AWS::KMS::Key", "DataKey", "key-1"),
    ("AWS::Lambda::Function", "VendIamFunction", "function-1"),
    ("AWS::IAM::Role", "ApiGatewayLogsRoleForAccount", LOGS_ROLE),
    ("AWS::IAM::Role", "VendIamRole", "vend-iam-1"),
)


def _events(_: Mapping[str, Any]) -> Mapping[str, Any]:
    each = {"StackId": "id", "StackName": STACK, "EventId": "1", "Timestamp": NOW}
    return {
        "StackEvents": [
            {
                **each,
                "ResourceType": kind,
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": name,
            }
            for kind, logical_id, name in MADE
        ]
    }


class Left:
    """What is left of a run: what is deleted is gone."""

    def __init__(self, *, logs_role: str = LOGS_ROLE) -> None:
        self.logs_role = logs_role
        self.stack_is_there = True
        #: What the stack's status is, each time that somebody looks; the last of them ever after.
        self.statuses = ["UPDATE_COMPLETE"]
        self.deleted: list[str] = []

    def answers(self) -> dict[str, Answer]:
        return {
            "cloudformation.ListStacks": {
                "StackSummaries": [
                    {
                        "StackId": "id",
                        "StackName": STACK,
                        "CreationTime": NOW,
                        "StackStatus": "CREATE_COMPLETE",
                    }
                ]
            },
            "cloudformation.DescribeStackEvents": _events,
            "cloudformation.DescribeStacks": self._describe,
            "cloudformation.DeleteStack": self._delete_stack,
            "dynamodb.DescribeTable": self._table,
            "dynamodb.DeleteTable": self._gone("TableName"),
            "logs.DescribeLogGroups": {"logGroups": [{"logGroupName": MADE[1][2]}]},
            "logs.DeleteLogGroup": self._gone("logGroupName"),
            "kms.DescribeKey": {"KeyMetadata": {"KeyId": "key-1", "KeyState": "Enabled"}},
            "kms.ScheduleKeyDeletion": self._gone("KeyId"),
            "secretsmanager.ListSecrets": {
                "SecretList": [
                    {"Name": "tokenvend/smoke-0a1b2c3d/machine"},
                    {"Name": "tokenvend/production/smoke-0a1b2c3d"},
                ]
            },
            "secretsmanager.DeleteSecret": self._gone("SecretId"),
            "iam.ListAttachedRolePolicies": {
                "AttachedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/service-role/PushLogs"}]
            },
            "iam.DetachRolePolicy": {},
            "iam.DeleteRole": self._delete_role,
            "apigateway.GetAccount": {
                "cloudwatchRoleArn": f"arn:aws:iam::111122223333:role/{self.logs_role}"
            },
            "cloudformation.CancelUpdateStack": {},
            "s3.ListObjectsV2": {"Contents": [{"Key": "template.yaml"}]},
            "s3.DeleteObject": self._gone("Key"),
            "s3.DeleteBucket": self._gone("Bucket"),
            "apigateway.UpdateAccount": {},
        }

    def _gone(self, name: str) -> Answer:
        def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
            self.deleted.append(params[name])
            return {}

        return answer

    def _describe(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if params["StackName"] != STACK or not self.stack_is_there:
            raise AwsError("ValidationError")
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"Stacks": [{"StackName": STACK, "CreationTime": NOW, "StackStatus": status}]}

    def _delete_stack(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.statuses[0] == "UPDATE_IN_PROGRESS":
            raise AwsError("ValidationError")
        self.deleted.append(params["StackName"])
        self.stack_is_there = False
        return {}

    def _delete_role(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if params["RoleName"] != LOGS_ROLE:
            raise AwsError("NoSuchEntity")
        self.deleted.append(LOGS_ROLE)
        return {}

    def _table(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if params["TableName"] in self.deleted:
            raise AwsError("ResourceNotFoundException")
        return {"Table": {"TableStatus": "ACTIVE"}}


def test_what_the_template_retains_goes_with_the_rest(fake_run: Callable[..., FakeRun]) -> None:
    left = Left()
    given = fake_run(left.answers())

    assert remove_everything(given.account) == []
    assert left.deleted == [
        STACK,
        *("registry-1", "/tokenvend/smoke/vend", "key-1", LOGS_ROLE),
        "tokenvend/smoke-0a1b2c3d/machine",
        "smoke-0a1b2c3d-restored",
        *("template.yaml", "smoke-0a1b2c3d-111122223333-release"),
        # It is there again: an invocation that was under way made it.
        "/tokenvend/smoke/vend",
    ]
    assert "apigateway.UpdateAccount" in given.aws.names()


def test_the_role_that_another_set_meanwhile_stays(fake_run: Callable[..., FakeRun]) -> None:
    given = fake_run(Left(logs_role="of-somebody-else").answers())

    assert remove_everything(given.account) == []
    assert "apigateway.UpdateAccount" not in given.aws.names()


def test_a_stack_that_is_being_updated_is_awaited_and_then_deleted(
    fake_run: Callable[..., FakeRun],
) -> None:
    """Who kills sam does not stop CloudFormation, and that refuses to delete meanwhile."""
    left = Left()
    left.statuses = [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    given = fake_run(left.answers())

    assert remove_everything(given.account) == []
    assert "cloudformation.CancelUpdateStack" in given.aws.names()
    assert left.deleted[0] == STACK


def test_events_are_read_after_the_stack_is_gone(fake_run: Callable[..., FakeRun]) -> None:
    given = fake_run(Left().answers())

    remove_everything(given.account)

    names = given.aws.names()
    assert names.index("cloudformation.DeleteStack") < names.index(
        "cloudformation.DescribeStackEvents"
    )


@pytest.mark.parametrize("fault", [refuse("AccessDeniedException"), {"SecretList": [{}]}])
def test_what_cannot_be_removed_is_named_and_the_rest_removed(
    fake_run: Callable[..., FakeRun], fault: Answer
) -> None:
    left = Left()

    (named,) = remove_everything(
        fake_run(left.answers() | {"secretsmanager.ListSecrets": fault}).account
    )

    assert "the secrets tokenvend/smoke-0a1b2c3d/…" in named
    assert "smoke-0a1b2c3d-111122223333-release" in left.deleted


@pytest.mark.parametrize("name", ["tokenvend", "smoke-", "smoke-0a1b2c3d/../x", "production"])
def test_only_what_a_smoke_run_made_is_removed(name: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--region", "eu-west-1", "--remove", name])

    assert ended.value.code == 2
