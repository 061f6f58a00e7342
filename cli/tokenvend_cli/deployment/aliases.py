"""Callers' aliases of the direct function: who may invoke which, and at which version."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tokenvend.domain.names import RESERVED_ALIASES
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.deployment.stack import Deployment

_CONFLICT = "ResourceConflictException"
_NOT_FOUND = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class AliasChange:
    """One step of `apply` on an alias: `make`, `move`, `allow` (its principals) or `remove`."""

    action: str
    alias: str


class Aliases:
    """The aliases of one deployment's direct function."""

    def __init__(self, deployment: Deployment) -> None:
        self._lambda = deployment.client("lambda")
        self._function = deployment.output("VendDirectFunctionName")
        self._local = deployment.is_local_stack

    def changes(self, configuration: ConfigurationModel) -> list[AliasChange]:
        """What would bring the aliases in line with the file and the newest deployment."""
        wanted = {name for name, caller in configuration.callers.items() if caller.direct}
        versions = self._versions()
        live = versions.get("live")
        found = {name for name in versions if name not in RESERVED_ALIASES}
        moved = {name for name in wanted & found if versions[name] != live}
        allowed = {
            name
            for name, caller in configuration.callers.items()
            if caller.direct and name in found - moved
            if not self._is_allowed(name, caller.direct.principals)
        }
        return [
            *(AliasChange("make", name) for name in sorted(wanted - found)),
            *(AliasChange("move", name) for name in sorted(moved)),
            *(AliasChange("allow", name) for name in sorted(allowed)),
            *(AliasChange("remove", name) for name in sorted(found - wanted)),
        ]

    def apply(self, changes: list[AliasChange], configuration: ConfigurationModel) -> None:
        """Make *changes*, then let each caller's principals, and nobody else, invoke its alias."""
        version = self._versions().get("live", "$LATEST")
        for change in changes:
            if change.action == "remove":
                self._lambda.delete_alias(FunctionName=self._function, Name=change.alias)
                continue
            if change.action == "allow":
                continue
            call = "create_alias" if change.action == "make" else "update_alias"
            getattr(self._lambda, call)(
                FunctionName=self._function, Name=change.alias, FunctionVersion=version
            )
        for name, caller in configuration.callers.items():
            if caller.direct is not None:
                self._allow(name, caller.direct.principals)

    def _versions(self) -> dict[str, str]:
        pages = self._lambda.get_paginator("list_aliases").paginate(FunctionName=self._function)
        return {
            alias["Name"]: alias["FunctionVersion"] for page in pages for alias in page["Aliases"]
        }

    def _allow(self, alias: str, principals: list[str]) -> None:
        if self._local:
            self._allow_locally(alias, principals)
            return
        arn = self._lambda.get_alias(FunctionName=self._function, Name=alias)["AliasArn"]
        # It replaces the whole policy: what it does not say, nobody may.
        self._lambda.put_resource_policy(
            ResourceArn=arn, Policy=json.dumps(alias_policy(arn, principals))
        )

    def _allow_locally(self, alias: str, principals: list[str]) -> None:
        """The local AWS knows no PutResourcePolicy, and so no Deny.

        A statement is named after its principal, so one that is there already is right.
        """
        for principal in principals:
            try:
                self._lambda.add_permission(
                    FunctionName=self._function,
                    Qualifier=alias,
                    StatementId=_statement_id(principal),
                    Action="lambda:InvokeFunction",
                    Principal=principal,
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != _CONFLICT:
                    raise

    def _is_allowed(self, alias: str, principals: list[str]) -> bool:
        """Whether the alias's policy is as it should be."""
        if self._local:
            return True
        arn = f"{self._function_arn()}:{alias}"
        try:
            found = self._lambda.get_resource_policy(ResourceArn=arn)["Policy"]
        except ClientError as error:
            if error.response["Error"]["Code"] != _NOT_FOUND:
                raise
            return False
        return bool(json.loads(found) == alias_policy(arn, principals))

    def _function_arn(self) -> str:
        answer = self._lambda.get_alias(FunctionName=self._function, Name="live")
        return str(answer["AliasArn"]).removesuffix(":live")


def _statement_id(principal: str) -> str:
    return f"tokenvend-{hashlib.sha256(principal.encode()).hexdigest()[:16]}"


def alias_policy(alias_arn: str, principals: list[str]) -> dict[str, Any]:
    """The policy of one caller's alias: its principals may invoke it, everybody else may not.

    Deny is needed because Lambda honours identity policies too: without it, any principal of
    the account with `lambda:InvokeFunction` on everything would be this caller.
    `aws:PrincipalArn` is a role's own ARN, whatever its session.
    """
    common = {"Action": "lambda:InvokeFunction", "Resource": alias_arn}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ItsPrincipals", "Effect": "Allow", "Principal": {"AWS": principals}} | common,
            {
                "Sid": "NobodyElse",
                "Effect": "Deny",
                "Principal": "*",
                "Condition": {"ArnNotEquals": {"aws:PrincipalArn": principals}},
            }
            | common,
        ],
    }
