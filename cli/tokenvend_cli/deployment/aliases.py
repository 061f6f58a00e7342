"""Callers' aliases of the direct function: which there are, and at which version."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.domain.names import LIVE_ALIAS, WORKLOADS_ALIAS
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.deployment.alias_policy import (
    AliasPolicies,
    Permissions,
    PolicyRefusedError,
    ResourcePolicies,
)
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError

#: Aliases that are described otherwise were made by somebody else, and are left alone.
_DESCRIPTION = "A caller of tokenvend"


class AliasAction(StrEnum):
    """What happens to an alias."""

    MAKE = "make"
    MOVE = "move"
    ALLOW = "allow"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class AliasChange:
    """One step on the alias of one caller.

    `version` is where it will point; `principals` are who may invoke it then. Both are empty
    where the step is to remove it.
    """

    action: AliasAction
    alias: str
    version: str = ""
    principals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedAlias:
    """An alias whose policy Lambda refused: `reason` says why, in Lambda's words."""

    alias: str
    principals: tuple[str, ...]
    reason: str

    @property
    def identity(self) -> str:
        """The identity of its caller in the registry."""
        return f"alias:{self.alias}"


@dataclass(frozen=True, slots=True)
class _Alias:
    arn: str
    version: str
    is_ours: bool


class Aliases:
    """The aliases of one deployment's direct function."""

    def __init__(self, deployment: Deployment) -> None:
        self._lambda = deployment.client("lambda")
        self._function = deployment.output("VendDirectFunctionName")
        self._policies: AliasPolicies = (
            Permissions(self._lambda)
            if deployment.is_local_stack
            else ResourcePolicies(self._lambda)
        )

    def changes(self, configuration: ConfigurationModel) -> list[AliasChange]:
        """Return the steps that make the aliases match the file and the newest deployment.

        Raises:
            CommandError: the function is not completely deployed.
        """
        found = self._found()
        wanted = _wanted_aliases(configuration)
        if wanted and LIVE_ALIAS not in found:
            raise CommandError(
                f"the function {self._function} has no alias {LIVE_ALIAS}: deploy the stack again"
            )
        needed = [
            change
            for name, principals in sorted(wanted.items())
            if (change := self._change(name, principals, found))
        ]
        gone = [name for name, alias in found.items() if alias.is_ours and name not in wanted]
        return [*needed, *(AliasChange(AliasAction.REMOVE, name) for name in sorted(gone))]

    def behind(self) -> list[str]:
        """Return the callers' aliases that do not point to the version of `live`, sorted."""
        found = self._found()
        live = found.get(LIVE_ALIAS)
        return sorted(
            name
            for name, alias in found.items()
            if alias.is_ours and live and alias.version != live.version
        )

    def make_ready(self, changes: Iterable[AliasChange]) -> list[RefusedAlias]:
        """Make, move and protect aliases; call this before the registry names their callers.

        Until an alias has its policy, any principal that may invoke every function may invoke
        it; the registry has no caller for it yet. If Lambda refuses a policy, the other aliases
        are still handled, and the refused ones are returned. A refused alias that is new is
        removed; an existing one keeps its former policy.
        """
        refused = []
        for change in changes:
            if change.action is AliasAction.REMOVE:
                continue
            try:
                self._policies.allow_only(self._in_place(change), change.principals)
            except PolicyRefusedError as error:
                refused.append(RefusedAlias(change.alias, change.principals, str(error)))
                if change.action is AliasAction.MAKE:
                    self._lambda.delete_alias(FunctionName=self._function, Name=change.alias)
        return refused

    def _in_place(self, change: AliasChange) -> str:
        """Make the alias or move it to its version, and return its ARN."""
        name = {"FunctionName": self._function, "Name": change.alias}
        match change.action:
            case AliasAction.MAKE:
                alias = self._lambda.create_alias(
                    **name, FunctionVersion=change.version, Description=_DESCRIPTION
                )
            case AliasAction.MOVE:
                alias = self._lambda.update_alias(**name, FunctionVersion=change.version)
            case _:
                alias = self._lambda.get_alias(**name)
        return str(alias["AliasArn"])

    def remove(self, changes: Iterable[AliasChange]) -> None:
        """Remove the aliases of removed callers; call this after the registry has dropped them."""
        for change in changes:
            if change.action is AliasAction.REMOVE:
                self._lambda.delete_alias(FunctionName=self._function, Name=change.alias)

    def _change(
        self, name: str, principals: tuple[str, ...], found: dict[str, _Alias]
    ) -> AliasChange | None:
        version = found[LIVE_ALIAS].version
        alias = found.get(name)
        if alias is None:
            return AliasChange(AliasAction.MAKE, name, version, principals)
        if alias.version != version:
            return AliasChange(AliasAction.MOVE, name, version, principals)
        if not self._policies.allows_only(alias.arn, principals):
            return AliasChange(AliasAction.ALLOW, name, version, principals)
        return None

    def _found(self) -> dict[str, _Alias]:
        pages = self._lambda.get_paginator("list_aliases").paginate(FunctionName=self._function)
        return {
            each["Name"]: _Alias(
                each["AliasArn"],
                each["FunctionVersion"],
                each.get("Description", "") == _DESCRIPTION,
            )
            for page in pages
            for each in page["Aliases"]
        }


def _wanted_aliases(configuration: ConfigurationModel) -> dict[str, tuple[str, ...]]:
    """The aliases that the file asks for, and who may invoke each."""
    direct = {name: caller.direct for name, caller in configuration.callers.items()}
    direct[WORKLOADS_ALIAS] = configuration.direct_workloads
    return {
        name: tuple(sorted(set(model.principals)))
        for name, model in direct.items()
        if model is not None
    }
