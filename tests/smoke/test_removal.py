"""Everything that a run made is removed, whatever of it is there, and the rest goes on."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.smoke.conftest import Scene
from tests.smoke.fake_aws import Answer, AwsError, refuse

from tokenvend_smoke.__main__ import main
from tokenvend_smoke.removal import remove_everything

STACK = "smoke-0a1b2c3d".ljust(60, "x")
NOW = datetime.now(UTC)
MADE = (
    ("AWS::DynamoDB::Table", "registry-1"),
    ("AWS::Logs::LogGroup", "/tokenvend/smoke/vend"),
    ("AWS::KMS::Key", "key-1"),
    ("AWS::Lambda::Function", "function-1"),
)


def _events(_: Mapping[str, Any]) -> Mapping[str, Any]:
    each = {"StackId": "id", "StackName": STACK, "EventId": "1", "Timestamp": NOW}
    return {
        "StackEvents": [
            {**each, "ResourceType": kind, "PhysicalResourceId": name} for kind, name in MADE
        ]
    }


class Left:
    """What is left of a run: what is deleted is gone."""

    def __init__(self) -> None:
        self.stack_is_there = True
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
            "logs.DescribeLogGroups": {"logGroups": [{"logGroupName": MADE[1][1]}]},
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
            "iam.DeleteRole": refuse("NoSuchEntity"),
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
        stack = {"StackName": STACK, "CreationTime": NOW, "StackStatus": "UPDATE_COMPLETE"}
        return {"Stacks": [stack]}

    def _delete_stack(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        self.deleted.append(params["StackName"])
        self.stack_is_there = False
        return {}

    def _table(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if params["TableName"] in self.deleted:
            raise AwsError("ResourceNotFoundException")
        return {"Table": {"TableStatus": "ACTIVE"}}


def test_what_the_template_retains_goes_with_the_rest(scene: Callable[..., Scene]) -> None:
    left = Left()
    given = scene(left.answers())

    assert remove_everything(given.account, made_logs_role=True) == []
    assert left.deleted == [
        STACK,
        *("registry-1", "/tokenvend/smoke/vend", "key-1"),
        "tokenvend/smoke-0a1b2c3d/machine",
        "smoke-0a1b2c3d-restored",
        *("template.yaml", "smoke-0a1b2c3d-111122223333-release"),
    ]
    assert given.aws.names()[-1] == "apigateway.UpdateAccount"


def test_the_role_for_logs_stays_if_it_was_there_before(scene: Callable[..., Scene]) -> None:
    given = scene(Left().answers())

    remove_everything(given.account, made_logs_role=False)

    assert "apigateway.UpdateAccount" not in given.aws.names()


def test_what_cannot_be_removed_is_named_and_the_rest_removed(scene: Callable[..., Scene]) -> None:
    left = Left()
    answers = left.answers() | {"secretsmanager.ListSecrets": refuse("AccessDeniedException")}

    (named,) = remove_everything(scene(answers).account, made_logs_role=False)

    assert "the secrets tokenvend/smoke-0a1b2c3d/…" in named
    assert "AccessDeniedException" in named
    assert "smoke-0a1b2c3d-111122223333-release" in left.deleted


@pytest.mark.parametrize("name", ["tokenvend", "smoke-", "smoke-0a1b2c3d/../x", "production"])
def test_only_what_a_smoke_run_made_is_removed(name: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--region", "eu-west-1", "--remove", name])

    assert ended.value.code == 2
