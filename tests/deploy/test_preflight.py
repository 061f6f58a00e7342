"""The preflight names what an account lacks, and what to do about it."""

from typing import Any

import pytest
from tests.deploy.stubs import Stubs

from tokenvend_deploy.preflight import Finding, Target, preflight
from tokenvend_deploy.stack import DeployedStack, read_stack

PARAMETERS = {
    "DeploymentId": "tokenvend",
    "ApiGatewayLogsRole": "false",
    "LocalStack": "false",
    "HttpConcurrency": "0",
    "DirectConcurrency": "0",
    "ProvisionedConcurrency": "0",
    "ConsentPages": "false",
}
ROLE = "arn:aws:iam::111122223333:role/api-gateway-logs"


def _answers(stubs: Stubs, *, role: str = ROLE, unreserved: int = 1000) -> None:
    """What an account says that lacks nothing."""
    account = {"cloudwatchRoleArn": role} if role else {}
    stubs.answer("apigateway", "get_account", account)
    stubs.answer(
        *("cloudformation", "describe_type", {"TypeName": "AWS::Lambda::ResourcePolicy"}),
        Type="RESOURCE",
        TypeName="AWS::Lambda::ResourcePolicy",
    )
    limit = {"UnreservedConcurrentExecutions": unreserved}
    stubs.answer("lambda", "get_account_settings", {"AccountLimit": limit})


def _findings(
    stubs: Stubs, deployed: DeployedStack | None = None, **parameters: str
) -> list[Finding]:
    target = Target("tokenvend", "eu-west-1", PARAMETERS | parameters)
    return list(preflight(stubs.client, target, deployed))


def test_an_account_that_lacks_nothing_has_no_finding() -> None:
    stubs = Stubs()
    _answers(stubs)

    assert _findings(stubs) == []


def test_api_gateway_without_a_role_for_logs_is_named_with_its_mend() -> None:
    stubs = Stubs()
    _answers(stubs, role="")

    (finding,) = _findings(stubs)

    assert "no role for CloudWatch Logs" in finding.what
    assert "ApiGatewayLogsRole=true" in finding.mend
    assert finding.blocks


def test_a_role_that_the_template_makes_need_not_be_there() -> None:
    stubs = Stubs()
    _answers(stubs, role="")

    assert _findings(stubs, ApiGatewayLogsRole="true") == []


def test_a_region_without_resource_policies_is_named() -> None:
    stubs = Stubs()
    stubs.answer("apigateway", "get_account", {"cloudwatchRoleArn": ROLE})
    stubs.refuse("cloudformation", "describe_type", "TypeNotFoundException")

    (finding,) = _findings(stubs)

    assert "eu-west-1 has no AWS::Lambda::ResourcePolicy" in finding.what


TEN = {"HttpConcurrency": "10", "DirectConcurrency": "10"}
WITH_PAGES = TEN | {"ConsentPages": "true"}


@pytest.mark.parametrize(
    ("unreserved", "now", "wanted", "taken"),
    [
        pytest.param(150, {}, TEN, None, id="just enough"),
        pytest.param(149, {}, TEN, 50, id="one too few"),
        pytest.param(160, {}, WITH_PAGES, None, id="just enough with pages"),
        pytest.param(159, {}, WITH_PAGES, 60, id="one too few with pages"),
        pytest.param(100, TEN, TEN, None, id="what it has already"),
        pytest.param(100, WITH_PAGES, WITH_PAGES, None, id="what it has already with pages"),
        pytest.param(109, TEN, WITH_PAGES, 60, id="the pages' come new"),
        pytest.param(119, {}, {"ProvisionedConcurrency": "10"}, 20, id="kept ready"),
        pytest.param(150, {}, TEN | {"ProvisionedConcurrency": "10"}, None, id="ready of reserved"),
    ],
)
def test_concurrency_that_is_not_there_is_named(
    unreserved: int, now: dict[str, str], wanted: dict[str, str], taken: int | None
) -> None:
    stubs = Stubs()
    _answers(stubs, unreserved=unreserved)
    deployed = DeployedStack("CREATE_COMPLETE", now) if now else None

    found = _findings(stubs, deployed, **wanted)

    assert [f"take {taken} environments" in each.what for each in found] == [True] * bool(taken)


def test_more_environments_kept_ready_than_may_run_are_refused() -> None:
    stubs = Stubs()
    _answers(stubs)

    (finding,) = _findings(stubs, HttpConcurrency="5", ProvisionedConcurrency="6")

    assert "ProvisionedConcurrency=6 is more than HttpConcurrency=5" in finding.what


def test_another_deployment_id_than_the_stacks_is_refused() -> None:
    stubs = Stubs()
    _answers(stubs)
    deployed = DeployedStack("UPDATE_COMPLETE", {"DeploymentId": "payments"})

    (finding,) = _findings(stubs, deployed)

    assert "the deployment payments, and you ask for tokenvend" in finding.what
    assert "DeploymentId=payments" in finding.mend


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("ROLLBACK_COMPLETE", "first deployment of tokenvend failed"),
        ("ROLLBACK_FAILED", "first deployment of tokenvend failed"),
        ("UPDATE_IN_PROGRESS", "Somebody is deploying tokenvend right now"),
        ("UPDATE_ROLLBACK_FAILED", "cannot be deployed to (UPDATE_ROLLBACK_FAILED)"),
        ("DELETE_FAILED", "cannot be deployed to (DELETE_FAILED)"),
    ],
)
def test_a_stack_that_cannot_be_deployed_to_now_is_named(status: str, words: str) -> None:
    stubs = Stubs()
    _answers(stubs)

    (finding,) = _findings(stubs, DeployedStack(status, {}))

    assert words in finding.what


def test_what_may_not_be_asked_is_a_note_and_blocks_nothing() -> None:
    stubs = Stubs()
    stubs.refuse("apigateway", "get_account", "AccessDeniedException")
    stubs.refuse("cloudformation", "describe_type", "AccessDenied")

    found = _findings(stubs)

    assert [each.blocks for each in found] == [False, False]
    assert "GetAccount may not be called" in found[0].what


@pytest.mark.parametrize(
    ("stack", "status"),
    [
        ({"StackStatus": "UPDATE_COMPLETE"}, "UPDATE_COMPLETE"),
        ({"StackStatus": "REVIEW_IN_PROGRESS"}, None),
    ],
)
def test_a_stack_that_only_awaits_its_first_change_is_none(
    stack: dict[str, Any], status: str | None
) -> None:
    stubs = Stubs()
    whole = stack | {"StackName": "tokenvend", "CreationTime": "2026-03-01T12:00:00Z"}
    stubs.answer("cloudformation", "describe_stacks", {"Stacks": [whole]}, StackName="tokenvend")

    found = read_stack(stubs.client("cloudformation"), "tokenvend")

    assert (found.status if found else None) == status


def test_no_stack_is_none() -> None:
    stubs = Stubs()
    stubs.refuse("cloudformation", "describe_stacks", "ValidationError")

    assert read_stack(stubs.client("cloudformation"), "tokenvend") is None
