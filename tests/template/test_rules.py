"""Which parameters are refused before anything is deployed, by the template's own Rules."""

from collections.abc import Mapping
from typing import Any

import pytest
from cfnlint.helpers import REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

type Template = dict[str, Any]


class _Rules:
    """CloudFormation's rules over one set of parameters."""

    def __init__(self, template: Template, values: Mapping[str, Any]) -> None:
        self._rules = template["Rules"]
        defaults = {name: each.get("Default") for name, each in template["Parameters"].items()}
        self._values = defaults | dict(values)
        self._lists = {
            name
            for name, each in template["Parameters"].items()
            if each["Type"] == "CommaDelimitedList"
        }

    def broken(self) -> set[str]:
        return {
            name
            for name, rule in self._rules.items()
            if self._value(rule["RuleCondition"])
            and not all(self._value(each["Assert"]) for each in rule["Assertions"])
        }

    def _value(self, value: Any) -> Any:  # noqa: PLR0911 - one for each function
        match value:
            case {"Ref": name}:
                found = self._values[name]
                return found.split(",") if name in self._lists else found
            case {"Fn::Not": [inner]}:
                return not self._value(inner)
            case {"Fn::Or": parts}:
                return any(self._value(part) for part in parts)
            case {"Fn::Equals": [left, right]}:
                return self._value(left) == self._value(right)
            case {"Fn::Contains": [values, wanted]}:
                return self._value(wanted) in self._value(values)
            case {"Fn::EachMemberEquals": [values, wanted]}:
                return all(each == self._value(wanted) for each in self._value(values))
            case dict():
                raise AssertionError(f"unknown to the rules of this test: {value}")
        return value


def _broken(template: Template, **values: str) -> set[str]:
    return _Rules(template, {"AWS::Region": "eu-west-1"} | values).broken()


def test_the_defaults_are_admitted(template: Template) -> None:
    assert _broken(template) == set()


def test_private_without_endpoints_is_refused(template: Template) -> None:
    assert _broken(template, ApiEndpointType="PRIVATE") == {"PrivateNeedsEndpoints"}
    assert _broken(template, ApiEndpointType="PRIVATE", VpcEndpointIds="vpce-1,vpce-2") == set()


def test_endpoints_that_would_restrict_nothing_are_refused(template: Template) -> None:
    assert _broken(template, VpcEndpointIds="vpce-1") == {"EndpointsNeedPrivate"}


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_region_without_resource_policies_is_refused_and_no_other(
    template: Template, region: str
) -> None:
    has_them = "AWS::Lambda::ResourcePolicy" in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)

    broken = _broken(template, **{"AWS::Region": region})

    assert broken == (set() if has_them else {"RegionHasResourcePolicies"})


def test_snapshots_and_environments_kept_ready_exclude_each_other(template: Template) -> None:
    assert _broken(template, SnapStart="true") == set()
    assert _broken(template, ProvisionedConcurrency="2") == set()
    both = _broken(template, SnapStart="true", ProvisionedConcurrency="2")
    assert both == {"OneWayToStartFaster"}


def test_every_refusal_says_what_to_do(template: Template) -> None:
    for name, rule in template["Rules"].items():
        for each in rule["Assertions"]:
            assert len(each["AssertDescription"].split()) >= 10, name
