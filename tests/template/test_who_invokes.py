"""Who may invoke which function on AWS, and what leaks by way of how it is invoked."""

import json
from typing import Any

import pytest

HTTP = ["VendIam", "VendOauth2", "Metadata", "Jwks", "ConnectPages"]
SCHEDULED = {
    "Renew": ["RenewSchedule.Arn"],
    "Sweep": ["SweepSchedule.Arn", "ChangedSecretRule.Arn"],
    "KeepAlive": ["KeepAliveSchedule.Arn"],
}
NO_SERVICE = {"aws:PrincipalIsAWSService": "false"}

type Resources = dict[str, Any]


def _policy(resources: Resources, function: str) -> list[dict[str, Any]]:
    properties = resources[f"{function}Policy"]["Properties"]
    alias = {"Ref": f"{function}FunctionAliaslive"}
    statements: list[dict[str, Any]] = properties["PolicyDocument"]["Statement"]
    assert properties["ResourceArn"] == alias
    assert all(each["Resource"] == alias for each in statements)
    assert all(each["Action"] == "lambda:InvokeFunction" for each in statements)
    return statements


@pytest.mark.parametrize("function", HTTP)
def test_no_test_invocation_passes_for_the_deployed_stage(
    resources: Resources, function: str
) -> None:
    """API Gateway's own test button skips the authorizer and takes any stage variable."""
    allow, _ = _policy(resources, function)

    sources = json.dumps(allow["Condition"]["ArnLike"]["AWS:SourceArn"])
    for api in ("${VendingApi}", "${PagesApi}"):
        assert sources.count(f"{api}/") == sources.count(f"{api}/v1/")
    assert "/v1/" in sources


@pytest.mark.parametrize("function", SCHEDULED)
def test_what_runs_by_a_schedule_is_woken_by_it_alone(resources: Resources, function: str) -> None:
    allow, deny = _policy(resources, function)

    (sources,) = allow["Condition"].values()
    found = sources["AWS:SourceArn"]
    rules = [each["Fn::GetAtt"] for each in (found if isinstance(found, list) else [found])]
    assert resources[f"{function}Policy"]["Condition"] == "IsAws"
    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert rules == SCHEDULED[function]
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    itself = {"aws:PrincipalArn": {"Fn::GetAtt": "RenewRole.Arn"}}
    excepted = {"ArnNotEquals": itself} if function == "Renew" else {}
    assert deny["Condition"] == {"Bool": NO_SERVICE} | excepted


def test_every_function_has_a_policy_and_no_permission_beside_it(resources: Resources) -> None:
    """A permission is written into the policy, and would be the second way in."""
    functions = {
        name.removesuffix("Function")
        for name, each in resources.items()
        if each["Type"] == "AWS::Serverless::Function"
    }
    permissions = {
        name: each for name, each in resources.items() if each["Type"] == "AWS::Lambda::Permission"
    }

    assert {name for name in functions if f"{name}Policy" in resources} == functions
    assert permissions
    for name, each in permissions.items():
        assert name.startswith("Local")
        assert each["Condition"] in {"IsLocalStack", "HasPagesLocally"}


def test_there_is_no_stage_beside_the_one_that_is_throttled_and_logged(
    template: dict[str, Any],
) -> None:
    """Without the version SAM deploys a stage of its own, named Stage, beside ours."""
    apis = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Api"
    ]

    assert template["Globals"]["Api"]["OpenApiVersion"] == "3.0.1"
    assert {each["StageName"] for each in apis} == {"v1"}


def test_no_trace_holds_a_link_a_state_or_a_code(resources: Resources) -> None:
    """API Gateway writes the whole URL, query and all, into its traces."""
    assert resources["PagesApi"]["Properties"]["TracingEnabled"] is False


@pytest.mark.parametrize("role", ["ConnectPagesRole", "KeepAliveRole"])
def test_who_sends_a_clients_assertion_may_sign_it(resources: Resources, role: str) -> None:
    (policy,) = resources[role]["Properties"]["Policies"]
    (sign,) = [
        each for each in policy["PolicyDocument"]["Statement"] if "kms:Sign" in each["Action"]
    ]

    tagged = {"aws:ResourceTag/tokenvend:deployment": {"Ref": "DeploymentId"}}
    assert sign["Condition"]["Fn::If"][1] == {"StringEquals": tagged}
