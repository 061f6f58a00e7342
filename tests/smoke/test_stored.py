"""The rows on what the tables hold, and on a stack that is deleted and restored."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.smoke.aws_answers import alarm, in_turn
from tests.smoke.conftest import OUTPUTS, TOKEN, FakeRun
from tests.smoke.fake_aws import Answer, refuse

from tokenvend_smoke.outcome import DidNotHoldError, NotRunError
from tokenvend_smoke.rows import stored

THERE: dict[str, Any] = {"Item": {"pk": {"S": "token#smoke-expired"}}}


def _expiry(*found: Mapping[str, Any], status: str = "ENABLED") -> dict[str, Answer]:
    return {
        "dynamodb.DescribeTimeToLive": {"TimeToLiveDescription": {"TimeToLiveStatus": status}},
        "dynamodb.PutItem": {},
        "dynamodb.GetItem": in_turn(found),
    }


def test_an_expired_item_is_awaited_and_its_absence_decides(
    fake_run: Callable[..., FakeRun],
) -> None:
    given = fake_run(_expiry(THERE, THERE, {}))
    stored.expired_items_go(given.smoke)

    (put,) = [params for name, params in given.aws.calls if name == "dynamodb.PutItem"]
    assert int(put["Item"]["ttl"]["N"]) < time.time()
    with pytest.raises(NotRunError, match="AWS promises no time"):
        stored.expired_items_go(fake_run(_expiry(THERE)).smoke)
    with pytest.raises(NotRunError, match="may take an hour"):
        stored.expired_items_go(fake_run(_expiry({}, status="ENABLING")).smoke)
    with pytest.raises(DidNotHoldError, match="DISABLED"):
        stored.expired_items_go(fake_run(_expiry({}, status="DISABLED")).smoke)


def _recovery() -> dict[str, Answer]:
    now = datetime.now(UTC)
    at = [
        {
            "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": {"LatestRestorableDateTime": when},
            }
        }
        for when in (now - timedelta(minutes=5), now + timedelta(hours=1))
    ]
    return {
        "dynamodb.DescribeContinuousBackups": in_turn(at),
        "dynamodb.RestoreTableToPointInTime": {},
        "dynamodb.DescribeTable": {"Table": {"TableStatus": "ACTIVE"}},
        "dynamodb.DeleteTable": {},
    }


@pytest.mark.parametrize(("said", "held"), [("keep  user/ada", True), ("nothing to do", False)])
def test_a_restored_table_is_read_and_always_removed(
    fake_run: Callable[..., FakeRun], said: str, *, held: bool
) -> None:
    given = fake_run(_recovery())
    given.account.commands = [(0, said)]

    if held:
        stored.point_in_time_recovery_works(given.smoke)
    else:
        with pytest.raises(DidNotHoldError, match="does not say keep"):
            stored.point_in_time_recovery_works(given.smoke)

    assert given.account.asked[0][:2] == ("restore", "connections")
    assert "--dry-run" in given.account.asked[0]
    assert given.aws.names()[-1] == "dynamodb.DeleteTable"


def _items() -> tuple[dict[str, Answer], list[Mapping[str, Any]]]:
    """A token's item that comes, and what is put."""
    put: list[Mapping[str, Any]] = []

    def keep(params: Mapping[str, Any]) -> Mapping[str, Any]:
        put.append(params["Item"])
        return {}

    new = {"Items": [{"pk": {"S": "token#1"}}, {"pk": {"S": "epoch#1"}}]}
    answers: dict[str, Answer] = {
        "dynamodb.Scan": in_turn([{"Items": []}, new]),
        "dynamodb.GetItem": {"Item": {"pk": {"S": "token#1"}, "sealed": {"B": b"\x01\x02"}}},
        "dynamodb.PutItem": keep,
    }
    return answers, put


def test_one_byte_is_changed_and_the_alarm_awaited(fake_run: Callable[..., FakeRun]) -> None:
    answers, put = _items()
    stored.an_altered_item_raises_the_alarm(fake_run(answers | alarm("OK", "ALARM")).smoke)

    assert put == [{"pk": {"S": "token#1"}, "sealed": {"B": b"\x01\x03"}}]
    answers, _ = _items()
    with pytest.raises(DidNotHoldError, match="UntrustedItemAlarm is not in ALARM"):
        stored.an_altered_item_raises_the_alarm(fake_run(answers | alarm("OK")).smoke)
    answers, _ = _items()
    given = fake_run(answers | alarm("ALARM"))
    given.callers.answers = [TOKEN, {**TOKEN, "source": "store"}]
    with pytest.raises(DidNotHoldError, match="it was answered"):
        stored.an_altered_item_raises_the_alarm(given.smoke)


def _deleted(key_state: str = "Enabled", *, tables: bool = True) -> dict[str, Answer]:
    stack = {"StackName": "s", "CreationTime": datetime.now(UTC)}
    there, gone = (
        {**stack, "StackStatus": each} for each in ("UPDATE_COMPLETE", "DELETE_COMPLETE")
    )
    table: Answer = {"Table": {"TableStatus": "ACTIVE"}}
    return {
        "cloudformation.DeleteStack": {},
        "cloudformation.DescribeStacks": in_turn(
            [{"Stacks": [there]}, {"Stacks": [there]}, {"Stacks": [gone]}]
        ),
        "dynamodb.DescribeTable": table if tables else refuse("ResourceNotFoundException"),
        "kms.DescribeKey": {"KeyMetadata": {"KeyId": "own", "KeyState": key_state}},
        "logs.DescribeLogGroups": {"logGroups": [{"logGroupName": "/tokenvend/smoke/vend"}]},
    }


def test_what_is_retained_is_looked_for_after_the_stack_is_gone(
    fake_run: Callable[..., FakeRun],
) -> None:
    given = fake_run(_deleted())
    stored.what_is_retained_outlives_the_stack(given.smoke)

    assert given.smoke.former == OUTPUTS
    with pytest.raises(DidNotHoldError, match="PendingDeletion"):
        stored.what_is_retained_outlives_the_stack(fake_run(_deleted("PendingDeletion")).smoke)
    with pytest.raises(Exception, match="ResourceNotFoundException"):
        stored.what_is_retained_outlives_the_stack(fake_run(_deleted(tables=False)).smoke)


def test_a_stack_is_restored_from_what_the_former_one_left(
    fake_run: Callable[..., FakeRun],
) -> None:
    given = fake_run({})
    given.smoke.former = OUTPUTS
    given.account.parameters = {"DeploymentId": "smoke-0a1b2c3d", "SubnetIds": "subnet-1"}

    stored.a_deleted_stack_is_restored(given.smoke)

    assert given.account.deployments == [{"DeploymentId": "smoke-0a1b2c3d"}]
    assert [asked[:2] for asked in given.account.asked] == [
        ("restore", "registry"),
        ("restore", "connections"),
        ("apply", "--yes"),
    ]
    given.callers.answers = [TOKEN, {"error": "connection_not_found"}]
    with pytest.raises(DidNotHoldError, match="connection_not_found"):
        stored.a_deleted_stack_is_restored(given.smoke)


def test_without_a_former_stack_there_is_nothing_to_restore(
    fake_run: Callable[..., FakeRun],
) -> None:
    with pytest.raises(NotRunError):
        stored.a_deleted_stack_is_restored(fake_run({}).smoke)
