"""A principal that was deleted, and a botocore that knows no policies of aliases."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.aws import FUNCTION_ARN, FakeLambda, aws_error
from tests.cli.conftest import WORKER, Tokenvend
from tests.cli.direct_callers import ADMIN, ANOTHER, EVENTS, Read, direct

from tokenvend_cli.deployment.alias_policy import Permissions, ResourcePolicies, alias_policy
from tokenvend_cli.problems import CommandError

ROOT = Path(__file__).parents[2]


# Principals that are gone ----------------------------------------------------------------------
def _with_nightly(principal: str) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        direct("nightly", principal)(document)
        grant = {"caller": "nightly", "credential": "jobs", "scopes": ["read"]}
        document["grants"].append(grant)

    return change


def test_deleted_principal_of_one_caller_stops_no_other(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.write(_with_nightly(ANOTHER))
    tokenvend.function.deleted = {ANOTHER}

    result = tokenvend.on_file("apply", "--yes", "--first")

    assert result.exit_code == 1
    told = " ".join(result.stderr.split())
    assert f"direct caller nightly was not applied: Lambda refused the policy for {ANOTHER}" in told
    assert "Invalid principal in policy" in told
    assert tokenvend.function.principals_of("events") == [WORKER]
    assert ("alias:events", "*") in registry()
    assert ("client:shop-web", "*") in registry()


def test_caller_whose_alias_could_not_be_protected_gets_nothing(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.write(_with_nightly(ANOTHER))
    tokenvend.function.deleted = {ANOTHER}

    tokenvend.on_file("apply", "--yes", "--first")

    assert "nightly" not in tokenvend.function.aliases
    assert not [key for key in registry() if key[0] == "alias:nightly"]


def test_next_apply_finishes_what_a_deleted_principal_held_up(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.write(_with_nightly(ANOTHER))
    tokenvend.function.deleted = {ANOTHER}
    tokenvend.on_file("apply", "--yes", "--first")
    tokenvend.write(_with_nightly(ADMIN))

    tokenvend.apply()

    assert tokenvend.function.principals_of("nightly") == [ADMIN]
    assert ("alias:nightly", "jobs") in registry()


def test_principal_deleted_later_leaves_alias_and_grants_as_they_were_but_takes_away(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.write(_with_nightly(ANOTHER))
    tokenvend.apply()
    policy = tokenvend.function.policies[f"{FUNCTION_ARN}:nightly"]
    tokenvend.function.deleted = {ANOTHER}
    # Lambda then shows the principal by its former unique id.
    gone = policy.replace(f'"Principal": {{"AWS": ["{ANOTHER}"]}}', '"Principal": {"AWS": "AIDA"}')
    tokenvend.function.policies[f"{FUNCTION_ARN}:nightly"] = gone
    grant = {"caller": "nightly", "credential": "partner", "scopes": ["read"], "tenants": "all"}

    def other_grant(document: dict[str, Any]) -> None:
        _with_nightly(ANOTHER)(document)
        document["grants"][-1] = grant

    tokenvend.write(other_grant)

    result = tokenvend.on_file("apply", "--yes", "--first")

    assert gone != policy
    assert result.exit_code == 1
    of_nightly = {key[1] for key in registry() if key[0] == "alias:nightly"}
    assert of_nightly == {"*"}
    assert tokenvend.function.aliases.keys() == {"live", "events", "nightly"}


def test_botocore_that_lacks_resource_policies_is_named() -> None:
    policies = ResourcePolicies(_LambdaWithPermissions())

    with pytest.raises(CommandError, match=r"install botocore 1\.43\.80 or later"):
        policies.allows_only(EVENTS, [WORKER])
    with pytest.raises(CommandError, match=r"install botocore 1\.43\.80 or later"):
        policies.allow_only(EVENTS, [WORKER])


def test_the_command_asks_for_a_botocore_that_has_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert "boto3>=1.43.80" in project["dependencies"]


# One contract for both forms of policy ---------------------------------------------------------
class _LambdaWithPermissions:
    """What the local AWS knows of an alias's policy: permissions, one by one."""

    def __init__(self) -> None:
        self.statements: dict[str, dict[str, Any]] = {}

    def get_policy(self, **_: str) -> dict[str, str]:
        if not self.statements:
            raise aws_error("ResourceNotFoundException", "no policy", "GetPolicy")
        return {"Policy": json.dumps({"Statement": list(self.statements.values())})}

    def add_permission(self, **arguments: str) -> None:
        sid = arguments["StatementId"]
        assert sid not in self.statements
        self.statements[sid] = {"Sid": sid, "Principal": {"AWS": arguments["Principal"]}}

    def remove_permission(self, **arguments: str) -> None:
        del self.statements[arguments["StatementId"]]


@pytest.mark.parametrize(
    "policies",
    [ResourcePolicies(FakeLambda()), Permissions(_LambdaWithPermissions())],
    ids=["whole documents", "permissions"],
)
def test_policies_say_what_was_allowed_last(policies: ResourcePolicies | Permissions) -> None:
    before = policies.allows_only(EVENTS, [WORKER])
    policies.allow_only(EVENTS, [WORKER, ANOTHER])
    both = policies.allows_only(EVENTS, [ANOTHER, WORKER])
    policies.allow_only(EVENTS, [ANOTHER])

    assert (before, both) == (False, True)
    assert policies.allows_only(EVENTS, [ANOTHER])
    assert not policies.allows_only(EVENTS, [WORKER])
    assert not policies.allows_only(EVENTS, [ANOTHER, WORKER])


def test_policy_for_nobody_else_needs_a_condition_that_services_meet_too() -> None:
    _, deny = alias_policy(EVENTS, [WORKER])["Statement"]

    # A negated operator holds where the key is absent; `…IfExists` or `Null` would undo that.
    assert list(deny["Condition"]) == ["ArnNotEquals"]
