"""An AWS in this process: moto, and what it lacks.

It lacks a stack with outputs, and a function with aliases and their policies.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:direct"
OUTPUTS = {
    "DeploymentId": "tokenvend",
    "RegistryTableName": "registry",
    "VendingApiUrl": "https://tokens.example.com",
    "TokensTableName": "tokens",
    "ConnectionsTableName": "connections",
    "KeyArn": "arn:aws:kms:eu-central-1:123456789012:key/one",
    "SecretPrefix": "tokenvend/tokenvend/",
    "VendIamFunctionName": "iam",
    "VendOauth2FunctionName": "oauth2",
    "VendDirectFunctionName": "direct",
    "RenewFunctionName": "renew",
    "KeepAliveFunctionName": "keep-alive",
    "ConnectionsLogGroupName": "/tokenvend/tokenvend/keep-alive",
    "LocalStack": "false",
}


@cache
def client(service: str) -> Any:
    """A boto3 client: one for all tests, because to make it takes longer than most of them."""
    session: Any = boto3.Session(
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        region_name="eu-central-1",
    )
    return session.client(service)


def aws_error(code: str, message: str, operation: str) -> ClientError:
    """What boto3 raises."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeCloudFormation:
    """One stack."""

    def __init__(self) -> None:
        self.outputs = dict(OUTPUTS)

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if StackName != "tokenvend":
            raise aws_error("ValidationError", f"{StackName} does not exist", "DescribeStacks")
        pairs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        return {"Stacks": [{"Outputs": pairs}]}


class FakeLambda:
    """The direct function: `live` at version 1, and what `apply` makes of it.

    `calls` names every change in order. With `refuse`, that operation is denied. A policy that
    names one of `deleted` is not taken, as Lambda takes none with a principal that is gone.
    """

    def __init__(self) -> None:
        self.aliases: dict[str, dict[str, str]] = {}
        self.policies: dict[str, str] = {}
        self.calls: list[str] = []
        self.refuse = ""
        self.deleted: set[str] = set()
        self._put("live", "1", "")

    def deploy(self, version: str) -> None:
        """Move `live`, as a deployment does."""
        self.aliases["live"]["FunctionVersion"] = version

    def principals_of(self, alias: str) -> list[str]:
        """Who may invoke *alias*, and that nobody else may."""
        allow, deny = json.loads(self.policies[f"{FUNCTION_ARN}:{alias}"])["Statement"]
        named: list[str] = allow["Principal"]["AWS"]
        assert (allow["Effect"], deny["Effect"], deny["Principal"]) == ("Allow", "Deny", "*")
        assert deny["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": named}}
        return named

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_aliases"
        if self.refuse == "ListAliases":
            raise aws_error("AccessDeniedException", "not authorized", "ListAliases")
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        for alias in self.aliases.values():
            yield {"Aliases": [alias]}

    def get_alias(self, **arguments: str) -> dict[str, str]:
        return self.aliases[arguments["Name"]]

    def create_alias(self, **arguments: str) -> dict[str, str]:
        self._called("CreateAlias", arguments["Name"])
        return self._put(arguments["Name"], arguments["FunctionVersion"], arguments["Description"])

    def update_alias(self, **arguments: str) -> dict[str, str]:
        self._called("UpdateAlias", arguments["Name"])
        alias = self.aliases[arguments["Name"]]
        alias["FunctionVersion"] = arguments["FunctionVersion"]
        return alias

    def delete_alias(self, **arguments: str) -> None:
        self._called("DeleteAlias", arguments["Name"])
        del self.aliases[arguments["Name"]]
        self.policies.pop(f"{FUNCTION_ARN}:{arguments['Name']}", None)

    def get_resource_policy(self, **arguments: str) -> dict[str, str]:
        if arguments["ResourceArn"] not in self.policies:
            raise aws_error("ResourceNotFoundException", "no policy", "GetResourcePolicy")
        return {"Policy": self.policies[arguments["ResourceArn"]]}

    def put_resource_policy(self, **arguments: str) -> None:
        self._called("PutResourcePolicy", arguments["ResourceArn"].rpartition(":")[2])
        if any(each in arguments["Policy"] for each in self.deleted):
            code, reason = "InvalidParameterValueException", "Invalid principal in policy"
            raise aws_error(code, reason, "PutResourcePolicy")
        self.policies[arguments["ResourceArn"]] = arguments["Policy"]

    def get_function_configuration(self, **arguments: str) -> dict[str, str]:
        return {"Role": f"arn:aws:iam::123456789012:role/{arguments['FunctionName']}"}

    def _put(self, name: str, version: str, description: str) -> dict[str, str]:
        self.aliases[name] = {
            "Name": name,
            "AliasArn": f"{FUNCTION_ARN}:{name}",
            "FunctionVersion": version,
            "Description": description,
        }
        return self.aliases[name]

    def _called(self, operation: str, alias: str) -> None:
        if operation == self.refuse:
            raise aws_error("AccessDeniedException", "not allowed", operation)
        self.calls.append(f"{operation} {alias}")
