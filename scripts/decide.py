"""Evaluate the template's conditions: the resources that a deployment has."""

from collections.abc import Mapping
from typing import Any

_NOTHING = object()


def decided_resources(template: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resources for *parameters*, with the template's defaults for the others."""
    given = {name: each.get("Default") for name, each in template["Parameters"].items()}
    unknown = parameters.keys() - given.keys()
    if unknown:
        raise ValueError(f"the template has no parameters {unknown}")
    return _Deployment(template["Conditions"], given | dict(parameters)).resources(
        template["Resources"]
    )


class _Deployment:
    def __init__(self, conditions: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        self._conditions = conditions
        self._parameters = parameters

    def resources(self, resources: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: self._chosen(_without_condition(each))
            for name, each in resources.items()
            if "Condition" not in each or self._holds(each["Condition"])
        }

    def _holds(self, name: str) -> bool:
        return bool(self._decided(self._conditions[name]))

    def _decided(self, condition: Any) -> Any:  # noqa: PLR0911 - one for each form
        match condition:
            case {"Fn::Not": [inner]}:
                return not self._decided(inner)
            case {"Fn::And": parts}:
                return all(self._decided(part) for part in parts)
            case {"Condition": name}:
                return self._holds(name)
            case {"Fn::Equals": [left, right]}:
                return str(self._decided(left)) == str(self._decided(right))
            case {"Fn::Join": [separator, values]}:
                found = self._decided(values)
                return found if isinstance(found, str) else separator.join(found)
            case {"Ref": name}:
                return self._parameters[name]
        return condition

    def _chosen(self, value: Any) -> Any:
        match value:
            case {"Fn::If": [condition, yes, no]}:
                return self._chosen(yes if self._holds(condition) else no)
            case {"Ref": "AWS::NoValue"}:
                return _NOTHING
            case dict():
                chosen = {name: self._chosen(each) for name, each in value.items()}
                return {name: each for name, each in chosen.items() if each is not _NOTHING}
            case list():
                return [each for each in map(self._chosen, value) if each is not _NOTHING]
        return value


def _without_condition(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in resource.items() if key != "Condition"}
