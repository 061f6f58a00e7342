"""The validation finds what it is there for: a fault that is planted does not pass."""

from copy import deepcopy
from typing import Any

import pytest
from scripts.validate import ACCEPTED, Validator, lint, parameters_of, read_policies, template_for

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return template_for(REGION, parameters_of("defaults", REGION))


@pytest.fixture
def planted(template: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(template)


@pytest.fixture(scope="module")
def validator(template: dict[str, Any]) -> Validator:
    return Validator({each["Type"] for each in template["Resources"].values()})


def test_a_resource_type_that_a_region_lacks_is_found(planted: dict[str, Any]) -> None:
    planted["Resources"]["Extra"] = {"Type": "AWS::QBusiness::Application", "Properties": {}}

    assert any("AWS::QBusiness::Application" in each for each in lint(planted, "cn-north-1"))


def test_a_property_of_another_kind_is_found(planted: dict[str, Any]) -> None:
    planted["Resources"]["RegistryTable"]["Properties"]["BillingMode"] = "PAY_LATER"

    assert any("PAY_LATER" in each for each in lint(planted, REGION))


def test_what_a_real_deployment_was_refused_for_is_found(
    planted: dict[str, Any], validator: Validator
) -> None:
    (stage,) = [
        each for each in planted["Resources"].values() if each["Type"] == "AWS::ApiGateway::Stage"
    ]
    stage["Properties"]["AccessLogSetting"]["Format"] = '{"route":"$context.resourcePath"}'

    found = list(validator.errors(planted, REGION, {}))

    assert any("request id" in each for each in found), found
    assert validator.rules > 100


def test_an_action_that_does_not_exist_is_found_in_a_policy(planted: dict[str, Any]) -> None:
    statements = planted["Resources"]["VendingPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    statements[0]["Action"] = ["dynamodb:BatchGetItems"]

    assert any("dynamodb:BatchGetItems" in each for each in read_policies(planted))


def test_nothing_that_is_accepted_hides_another_finding(template: dict[str, Any]) -> None:
    found = list(read_policies(template))

    assert [each for each in found if not each.startswith(ACCEPTED)] == []
