"""A change that an API needs makes a new deployment of that API."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.template.expanded import CHANGES, expanded

type Template = dict[str, Any]


def _deployments(template: Template) -> dict[str, str]:
    return {
        resource["Properties"]["RestApiId"]["Ref"]: name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGateway::Deployment"
    }


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets a second pass for SAM, which names a deployment by the time it makes it."""
    seconds = [1_800_000_000.0]
    monkeypatch.setattr("time.time", lambda: seconds[0])

    def pass_one() -> None:
        seconds[0] += 1

    return pass_one


@pytest.mark.parametrize(
    "name", ["AllowedAccounts", "VpcEndpointIds", "ApiEndpointType", "IssuerBase", "ConsentPages"]
)
def test_a_change_of_policy_or_address_makes_a_new_deployment_of_the_api(
    build: Path, later: Callable[[], None], name: str
) -> None:
    before = _deployments(expanded(build, {}))
    later()

    after = _deployments(expanded(build, CHANGES[name]))

    assert after["VendingApi"] != before["VendingApi"]
    assert after["PagesApi"] != before["PagesApi"]


def test_a_changed_route_makes_a_new_deployment_of_the_api(
    build: Path, changed_build: Path, later: Callable[[], None]
) -> None:
    before = _deployments(expanded(build, {}))
    later()
    file = changed_build / "template.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("/token/reject", "/token/report"), encoding="utf-8")

    assert _deployments(expanded(changed_build, {}))["VendingApi"] != before["VendingApi"]


def test_the_stage_of_each_api_serves_the_deployment_that_was_just_made(build: Path) -> None:
    template = expanded(build, {})
    deployments = _deployments(template)
    stages = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::ApiGateway::Stage"
    ]

    assert len(stages) == 2
    for stage in stages:
        assert stage["DeploymentId"] == {"Ref": deployments[stage["RestApiId"]["Ref"]]}


def test_method_settings_name_no_single_route(template: Template) -> None:
    # CloudFormation wants a nested path with ~1 for each slash; written as a route it is without
    # effect. `/*` is throttled by method already.
    for api in ("VendingApi", "PagesApi"):
        settings = template["Resources"][api]["Properties"]["MethodSettings"]
        assert [each["ResourcePath"] for each in settings] == ["/*"]
