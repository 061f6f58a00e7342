"""The policies of each role as IAM sees them: conditions decided, every name filled in."""

import re
from collections.abc import Mapping
from typing import Any

from scripts.expand import ACCOUNT, expand, load, locate_code
from tests.template.deployed import deployed

REGION, STACK, STACK_UUID = "eu-west-1", "tokenvend", "1b2c"
PARAMETERS = {
    "ConsentPages": "true",
    "Tracing": "Active",
    "IdentityTokenAudiences": "api://directory",
}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-1"
_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": STACK,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/{STACK_UUID}",
    "AWS::URLSuffix": "amazonaws.com",
}

type Document = dict[str, Any]


def table(name: str) -> str:
    """The name that the table with the logical id *name* has."""
    return f"{STACK}-{name}"


def table_arn(name: str) -> str:
    """The ARN of the table with the logical id *name*."""
    return _arn("dynamodb", f"table/{table(name)}")


def function_arn(name: str) -> str:
    """The ARN of the function with the logical id *name*."""
    return _arn("lambda", f"function:{STACK}-{name}")


def log_group_arn(name: str) -> str:
    """The ARN of a log group's streams."""
    return _arn("logs", f"log-group:/tokenvend/tokenvend/{name}/{STACK_UUID}:*")


def secret_arn(name: str) -> str:
    """The ARN of a secret; Secrets Manager adds six characters."""
    return _arn("secretsmanager", f"secret:{name}-AbCdEf")


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def resolved_policies() -> dict[str, list[Document]]:
    """By the logical id of a role, or of a managed policy for operators: its policy documents."""
    template = expand(locate_code(load(), {}), PARAMETERS, region=REGION)
    resources = deployed(template, **PARAMETERS)
    values = {name: each.get("Default", "") for name, each in template["Parameters"].items()}
    fill = _Filling(resources, values | PARAMETERS | _PSEUDO)
    found: dict[str, list[Document]] = {}
    for name, each in resources.items():
        properties = each.get("Properties", {})
        if each["Type"] == "AWS::IAM::Role":
            attached = [
                resources[policy["Ref"]] for policy in properties.get("ManagedPolicyArns", [])
            ]
            own = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            shared = [policy["Properties"]["PolicyDocument"] for policy in attached]
            found.setdefault(name, []).extend(fill(each) for each in [*own, *shared])
        if each["Type"] == "AWS::IAM::ManagedPolicy":
            found[name] = [fill(properties["PolicyDocument"])]
        if each["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                found.setdefault(role["Ref"], []).append(fill(properties["PolicyDocument"]))
    return found


class _Filling:
    """Fills in references to parameters and resources."""

    def __init__(self, resources: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self._resources = resources
        self._values = values

    def __call__(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return self._values[name] if name in self._values else self._reference(name)
            case dict() if len(value) == 1 and next(iter(value)).startswith("Fn::"):
                ((function, argument),) = value.items()
                return self._function(function, argument)
            case dict():
                return {key: self(each) for key, each in value.items()}
            case list():
                return [self(each) for each in value]
        return value

    def _function(self, function: str, argument: Any) -> Any:
        match function, argument:
            case "Fn::GetAtt", path:
                return self._arn_of(path[0] if isinstance(path, list) else path.partition(".")[0])
            case "Fn::Sub", [text, names]:
                return _Filling(self._resources, {**self._values, **self(names)})._substituted(text)
            case "Fn::Sub", text:
                return self._substituted(text)
            case "Fn::Select", [index, values]:
                return self(values)[int(index)]
            case "Fn::Split", [separator, text]:
                return self(text).split(separator)
        raise AssertionError(f"no policy is known to use {function}")

    def _substituted(self, text: str) -> str:
        return re.sub(r"\$\{([\w:.]+)\}", self._part, text)

    def _part(self, match: re.Match[str]) -> str:
        name = match[1]
        if name.endswith(".Arn"):
            return self._arn_of(name.removesuffix(".Arn"))
        return str(self({"Ref": name}))

    def _reference(self, name: str) -> str:
        kind = self._resources[name]["Type"]
        if kind == "AWS::Lambda::Alias":
            return function_arn(name.removesuffix("Aliaslive")) + ":live"
        raise AssertionError(f"no policy is known to refer to {name}, of {kind}")

    def _arn_of(self, name: str) -> str:
        resource = self._resources[name]
        match resource["Type"]:
            case "AWS::DynamoDB::Table":
                return table_arn(name)
            case "AWS::KMS::Key":
                return KEY
            case "AWS::Lambda::Function":
                return function_arn(name)
            case "AWS::Logs::LogGroup":
                group = self(resource["Properties"]["LogGroupName"])
                return _arn("logs", f"log-group:{group}:*")
        raise AssertionError(f"no ARN is known of {name}, of {resource['Type']}")
