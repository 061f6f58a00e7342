"""What no stand-in checks, read off the template itself: tables, keys, aliases, parameters."""

import json
from typing import Any

import pytest
from tests.template.parts import (
    ALL_FUNCTIONS,
    FUNCTIONS,
    HTTP_FUNCTIONS,
    SCHEDULED_FUNCTIONS,
    Resources,
    statements_of,
)

from tokenvend.adapters.dynamodb.token_store import RENEWALS
from tokenvend.domain import bounds
from tokenvend.domain.untrusted import Distrust
from tokenvend.refresh_tokens.connection_events import ConnectionEventType


def test_tokens_table_drops_what_is_dead_and_connections_table_never(resources: Resources) -> None:
    tokens = resources["TokensTable"]["Properties"]["TimeToLiveSpecification"]

    assert tokens == {"AttributeName": "ttl", "Enabled": True}
    assert "TimeToLiveSpecification" not in resources["ConnectionsTable"]["Properties"]


@pytest.mark.parametrize("name", ["ConnectionsTable", "RegistryTable"])
def test_what_no_file_holds_survives_a_mistake(resources: Resources, name: str) -> None:
    table = resources[name]
    recovery = table["Properties"]["PointInTimeRecoverySpecification"]

    assert recovery["PointInTimeRecoveryEnabled"] is True
    assert table["Properties"]["DeletionProtectionEnabled"] == {
        "Fn::If": ["IsProtected", True, False]
    }
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert table["UpdateReplacePolicy"] == "Retain"


def test_key_is_kept_rotated_and_multi_region_from_the_start(resources: Resources) -> None:
    key = resources["DataKey"]

    assert key["DeletionPolicy"] == "RetainExceptOnCreate"
    assert key["UpdateReplacePolicy"] == "Retain"
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["Properties"]["MultiRegion"] is True


@pytest.mark.parametrize("table", ["RegistryTable", "TokensTable", "ConnectionsTable"])
def test_table_is_encrypted_with_the_customer_key(resources: Resources, table: str) -> None:
    encryption = resources[table]["Properties"]["SSESpecification"]

    assert encryption["SSEType"] == "KMS"
    assert encryption["KMSMasterKeyId"] == {"Fn::GetAtt": "DataKey.Arn"}


@pytest.mark.parametrize("function", HTTP_FUNCTIONS)
def test_live_alias_is_for_this_api_alone(resources: Resources, function: str) -> None:
    policy = resources[f"{function}Policy"]
    allow, deny = statements_of(resources, f"{function}Policy")

    assert policy["Condition"] == "IsAws"
    assert policy["Properties"]["ResourceArn"] == {"Ref": f"{function}FunctionAliaslive"}
    assert allow["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert "VendingApi" in json.dumps(allow["Condition"]["ArnLike"]["AWS:SourceArn"])
    assert deny["Effect"] == "Deny"
    assert deny["Principal"] == "*"
    assert deny["Condition"] == {"Bool": {"aws:PrincipalIsAWSService": "false"}}


def test_nobody_invokes_the_direct_function_through_live(resources: Resources) -> None:
    (statement,) = statements_of(resources, "VendDirectPolicy")

    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert "Condition" not in statement


def test_no_permission_overwrites_those_policies_on_aws(resources: Resources) -> None:
    permissions = [
        each
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Permission"
        and each["Properties"]["Principal"] == "apigateway.amazonaws.com"
    ]

    assert permissions
    assert {each["Condition"] for each in permissions} == {"IsLocalStack", "HasPagesLocally"}
    assert not [
        name for name in FUNCTIONS if "Events" in resources[f"{name}Function"]["Properties"]
    ]


def test_schedule_is_the_only_one_beside_the_function_itself_that_may_start_a_renewal(
    resources: Resources,
) -> None:
    permissions = {
        each["Properties"]["SourceArn"]["Fn::GetAtt"]: each["Properties"]["FunctionName"]["Ref"]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Permission"
        and each["Properties"]["Principal"] == "events.amazonaws.com"
    }

    assert permissions == {
        "RenewSchedule.Arn": "RenewFunctionAliaslive",
        "SweepSchedule.Arn": "SweepFunctionAliaslive",
        "ChangedSecretRule.Arn": "SweepFunctionAliaslive",
        "KeepAliveSchedule.Arn": "KeepAliveFunctionAliaslive",
    }
    rates = {
        name: resources[name]["Properties"]["ScheduleExpression"]
        for name in ("RenewSchedule", "SweepSchedule", "KeepAliveSchedule")
    }
    assert rates == {
        "RenewSchedule": "rate(1 minute)",
        "SweepSchedule": "rate(15 minutes)",
        "KeepAliveSchedule": "rate(1 hour)",
    }


def test_renewals_index_is_sparse_and_shows_keys_only(resources: Resources) -> None:
    (index,) = resources["TokensTable"]["Properties"]["GlobalSecondaryIndexes"]

    assert index == {
        "IndexName": RENEWALS,
        "KeySchema": [{"AttributeName": "due", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def test_logs_are_kept_for_a_stated_time_under_the_key(resources: Resources) -> None:
    groups = [each for each in resources.values() if each["Type"] == "AWS::Logs::LogGroup"]

    assert len(groups) == len(ALL_FUNCTIONS) + 1
    assert all(each["Properties"]["RetentionInDays"] for each in groups)
    assert all(each["Properties"]["KmsKeyId"] for each in groups)


def test_parameters_keep_within_the_bounds_of_the_code(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    memory, grace = parameters["MemorySeconds"], parameters["OutageGraceSeconds"]

    assert memory["Default"] == bounds.MEMORY_SECONDS_DEFAULT
    assert memory["MaxValue"] == bounds.MEMORY_SECONDS_MAXIMUM
    assert grace["Default"] == bounds.OUTAGE_GRACE_SECONDS_DEFAULT
    assert grace["MaxValue"] == bounds.OUTAGE_GRACE_SECONDS_MAXIMUM
    timeout = template["Globals"]["Function"]["Timeout"]
    assert timeout == bounds.FUNCTION_TIMEOUT.total_seconds()
    assert all(each.get("Description") for each in parameters.values())
    assert parameters["LocalStack"]["Default"] == "false"


def test_alarms_watch_metrics_that_the_code_counts(resources: Resources) -> None:
    alarms = [each for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    reasons = {
        each["Value"]
        for alarm in alarms
        for query in alarm["Properties"].get("Metrics", [])
        for each in query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
        if each["Name"] == "reason"
    }

    assert reasons == {reason.value for reason in Distrust}
    failures = resources["CredentialFailureAlarm"]["Properties"]
    assert (failures["Namespace"], failures["MetricName"]) == ("tokenvend", "Failures")
    assert failures["Dimensions"] == [{"Name": "service", "Value": "tokenvend"}]
    lost = resources["LostConsentAlarm"]["Properties"]
    assert lost["MetricName"] == "ConsentEvents"
    assert {each["Name"]: each["Value"] for each in lost["Dimensions"]} == {
        "event": ConnectionEventType.LOST.value,
        "service": "tokenvend",
    }


@pytest.mark.parametrize(
    ("function", "due_every_seconds"), [("Renew", 60), ("Sweep", 900), ("KeepAlive", 3600)]
)
def test_a_scheduled_function_that_does_not_run_at_all_raises_an_alarm(
    resources: Resources, function: str, due_every_seconds: int
) -> None:
    alarm = resources[f"{function}SilentAlarm"]["Properties"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Invocations")
    assert alarm["Dimensions"] == [
        {"Name": "FunctionName", "Value": {"Ref": f"{function}Function"}}
    ]
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    # A function that is never invoked has no datapoint at all.
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] >= 2 * due_every_seconds


def test_every_rule_that_fails_and_every_event_that_is_dropped_raises_an_alarm(
    resources: Resources,
) -> None:
    watched = {
        (alarm["MetricName"], alarm["Dimensions"][0]["Value"]["Ref"])
        for each in resources.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
        for alarm in [each["Properties"]]
        if alarm.get("MetricName") in {"FailedInvocations", "AsyncEventsDropped"}
    }
    rules = {name for name, each in resources.items() if each["Type"] == "AWS::Events::Rule"}

    assert {name for metric, name in watched if metric == "FailedInvocations"} == rules
    assert {name for metric, name in watched if metric == "AsyncEventsDropped"} == {
        f"{function}Function" for function in SCHEDULED_FUNCTIONS
    }


def test_audit_logs_outlive_the_stack_and_do_not_stand_in_the_way_of_the_next(
    resources: Resources,
) -> None:
    groups = [each for each in resources.values() if each["Type"] == "AWS::Logs::LogGroup"]

    for group in groups:
        assert group["DeletionPolicy"] == "RetainExceptOnCreate"
        assert group["UpdateReplacePolicy"] == "Retain"
        assert group["Properties"]["DeletionProtectionEnabled"]["Fn::If"][:2] == [
            "IsProtected",
            True,
        ]
        # A name without the stack's own id would be taken when the deployment is made again.
        name, values = group["Properties"]["LogGroupName"]["Fn::Sub"]
        assert name.startswith("/tokenvend/${DeploymentId}/")
        assert "AWS::StackId" in json.dumps(values)
