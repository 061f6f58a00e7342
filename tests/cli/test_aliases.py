"""Direct callers' aliases, and who may invoke them: made, moved, repaired, removed by `apply`."""

import json
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from tests.cli.aws import FUNCTION_ARN, FakeLambda, aws_error
from tests.cli.conftest import WORKER, Items, Tokenvend

from tokenvend_cli.deployment.alias_policy import Permissions, ResourcePolicies, alias_policy
from tokenvend_cli.problems import CommandError

ROOT = Path(__file__).parents[2]

type Read = Callable[[], Items]

ANOTHER = "arn:aws:iam::123456789012:user/another"
ADMIN = "arn:aws:iam::123456789012:role/admin"
EVENTS = f"{FUNCTION_ARN}:events"


def _direct(name: str, *principals: str) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        document["callers"][name] = {"direct": {"principals": list(principals)}}

    return change


def _planned(tokenvend: Tokenvend) -> list[tuple[str, str]]:
    aliases = tokenvend.json("plan", "--file", str(tokenvend.file))["aliases"]
    return [(alias["action"], alias["alias"]) for alias in aliases]


def _may_invoke(policy: dict[str, Any], principal: str | None, alias: str = EVENTS) -> bool:
    """Whether *policy* lets somebody in who may, by his own policies, invoke everything.

    Deny goes first. An AWS service has no `aws:PrincipalArn`; a negated condition then holds.
    """
    for statement in policy["Statement"]:
        condition = statement.get("Condition", {}).get("ArnNotEquals", {})
        named = condition.get("aws:PrincipalArn", [])
        matches = statement["Principal"] == "*" and not any(
            principal is not None and fnmatchcase(principal, each) for each in named
        )
        if statement["Effect"] == "Deny" and matches and statement["Resource"] == alias:
            return False
    return True


def test_alias_is_made_on_the_version_that_is_deployed(tokenvend: Tokenvend) -> None:
    tokenvend.function.deploy("7")

    told = tokenvend.apply().stdout

    assert tokenvend.function.aliases["events"]["FunctionVersion"] == "7"
    assert f"+ alias events  only for {WORKER}" in told
    assert tokenvend.function.principals_of("events") == [WORKER]


def test_alias_is_protected_before_the_registry_knows_its_caller(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.function.refuse = "PutResourcePolicy"

    result = tokenvend.on_file("apply", "--yes", "--first")

    assert result.exit_code == 1
    assert "AWS refused PutResourcePolicy: not allowed" in result.stderr
    assert registry() == {}


def test_apply_that_was_stopped_half_way_is_finished_by_the_next(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.function.refuse = "PutResourcePolicy"
    tokenvend.on_file("apply", "--yes", "--first")
    tokenvend.function.refuse = ""

    planned = _planned(tokenvend)
    tokenvend.apply()

    assert planned == [("allow", "events")]
    assert tokenvend.function.principals_of("events") == [WORKER]
    assert ("alias:events", "*") in registry()


def test_aliases_move_after_a_deployment(tokenvend: Tokenvend) -> None:
    tokenvend.write(_direct("nightly", ANOTHER))
    tokenvend.apply()
    tokenvend.function.deploy("2")

    plan = tokenvend.on_file("plan", "--detailed-exit-code")
    tokenvend.apply()

    assert plan.exit_code == 3
    assert "~ alias events  to version 2" in plan.stdout
    versions = {name: each["FunctionVersion"] for name, each in tokenvend.function.aliases.items()}
    assert versions == {"live": "2", "events": "2", "nightly": "2"}
    assert tokenvend.function.principals_of("events") == [WORKER]


@pytest.mark.parametrize(
    ("principal", "may"),
    [
        pytest.param(WORKER, True, id="its principal"),
        pytest.param(ANOTHER, True, id="its other principal"),
        pytest.param(ADMIN, False, id="an administrator"),
        pytest.param(WORKER.replace("/service", ""), False, id="the same name on another path"),
        pytest.param(f"{WORKER}-evil", False, id="a longer name"),
        pytest.param(WORKER.replace("123456789012", "111122223333"), False, id="another account"),
        pytest.param(None, False, id="an AWS service"),
    ],
)
def test_policy_allows_its_principals_and_denies_all_others(
    tokenvend: Tokenvend,
    principal: str | None,
    may: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    tokenvend.write(_direct("events", WORKER, ANOTHER))
    tokenvend.apply()
    policy = json.loads(tokenvend.function.policies[EVENTS])

    assert _may_invoke(policy, principal) is may
    assert set(tokenvend.function.principals_of("events")) == {WORKER, ANOTHER}
    assert {each["Action"] for each in policy["Statement"]} == {"lambda:InvokeFunction"}
    assert {each["Resource"] for each in policy["Statement"]} == {EVENTS}


def test_changed_principals_are_all_that_changes(tokenvend: Tokenvend, registry: Read) -> None:
    tokenvend.apply()
    before = registry()
    tokenvend.function.calls.clear()
    tokenvend.write(_direct("events", ANOTHER))

    told = tokenvend.apply().stdout

    assert f"~ alias events  only for {ANOTHER}" in told
    assert tokenvend.function.calls == ["PutResourcePolicy events"]
    assert tokenvend.function.principals_of("events") == [ANOTHER]
    assert registry() == before


def _without_deny(policy: dict[str, Any]) -> None:
    policy["Statement"] = policy["Statement"][:1]


def _with_another_principal(policy: dict[str, Any]) -> None:
    policy["Statement"][0]["Principal"]["AWS"] = [WORKER, ADMIN]


def _denying_somebody_else(policy: dict[str, Any]) -> None:
    policy["Statement"][1]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] = [WORKER, ADMIN]


def _with_a_statement_more(policy: dict[str, Any]) -> None:
    policy["Statement"].append(policy["Statement"][0] | {"Principal": "*", "Sid": "Theirs"})


@pytest.mark.parametrize(
    "edit", [_without_deny, _with_another_principal, _denying_somebody_else, _with_a_statement_more]
)
def test_policy_that_was_edited_by_hand_is_repaired(
    tokenvend: Tokenvend, edit: Callable[[dict[str, Any]], None]
) -> None:
    tokenvend.apply()
    sound = tokenvend.function.policies[EVENTS]
    policy = json.loads(sound)
    edit(policy)
    tokenvend.function.policies[EVENTS] = json.dumps(policy)

    planned = _planned(tokenvend)
    tokenvend.apply()

    assert planned == [("allow", "events")]
    assert json.loads(tokenvend.function.policies[EVENTS]) == json.loads(sound)


def test_alias_that_was_moved_by_hand_is_moved_back(tokenvend: Tokenvend) -> None:
    tokenvend.function.deploy("2")
    tokenvend.apply()
    tokenvend.function.aliases["events"]["FunctionVersion"] = "1"

    planned = _planned(tokenvend)
    tokenvend.apply()

    assert planned == [("move", "events")]
    assert tokenvend.function.aliases["events"]["FunctionVersion"] == "2"


def test_alias_that_was_deleted_by_hand_is_made_again(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    del tokenvend.function.aliases["events"]
    del tokenvend.function.policies[EVENTS]

    tokenvend.apply()

    assert tokenvend.function.principals_of("events") == [WORKER]


def test_same_policy_in_another_form_is_not_a_change(tokenvend: Tokenvend) -> None:
    tokenvend.write(_direct("events", WORKER, ANOTHER))
    tokenvend.apply()
    policy = json.loads(tokenvend.function.policies[EVENTS])
    for statement in policy["Statement"]:
        statement["Action"] = [statement["Action"]]
    policy["Statement"][0]["Principal"]["AWS"].reverse()
    policy["Statement"][1]["Principal"] = {"AWS": "*"}
    tokenvend.function.policies[EVENTS] = json.dumps(policy)

    assert _planned(tokenvend) == []


def test_alias_of_a_caller_that_is_gone_is_removed_after_its_registry_items(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.apply()
    tokenvend.function.refuse = "DeleteAlias"

    def without_events(document: dict[str, Any]) -> None:
        del document["callers"]["events"], document["grants"][1]

    tokenvend.write(without_events)

    stopped = tokenvend.on_file("apply", "--yes", "--first")
    known = [key for key in registry() if key[0] == "alias:events"]
    tokenvend.function.refuse = ""
    tokenvend.apply()

    assert stopped.exit_code == 1
    assert known == []
    assert tokenvend.function.aliases.keys() == {"live"}


def test_alias_that_somebody_else_made_is_left_alone(tokenvend: Tokenvend) -> None:
    tokenvend.function.create_alias(Name="theirs", FunctionVersion="1", Description="Ours")
    tokenvend.apply()
    tokenvend.file.write_text("version: 1", encoding="utf-8")

    told = tokenvend.apply().stdout

    assert "- alias events" in told
    assert tokenvend.function.aliases.keys() == {"live", "theirs"}


def test_function_without_live_is_told(tokenvend: Tokenvend, registry: Read) -> None:
    del tokenvend.function.aliases["live"]

    result = tokenvend.on_file("apply", "--yes", "--first")

    assert result.exit_code == 1
    assert "direct has no alias live: deploy the stack again" in result.stderr
    assert registry() == {}


# Principals that are gone ----------------------------------------------------------------------


def _with_nightly(principal: str) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        _direct("nightly", principal)(document)
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
    assert f"direct caller nightly was left out: Lambda refuses a policy for {ANOTHER}" in told
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


@pytest.mark.parametrize("words", [("blocks",), ("secret", "status"), ("caller", "list")])
def test_next_command_says_which_direct_callers_are_behind_the_deployment(
    tokenvend: Tokenvend, words: tuple[str, ...]
) -> None:
    tokenvend.apply()
    tokenvend.function.deploy("2")

    behind = tokenvend(*words)
    tokenvend.apply()
    moved = tokenvend(*words)

    assert "direct callers still get the former version: events." in behind.stderr
    assert "former version" not in moved.stderr


def test_who_may_not_list_aliases_is_told_nothing_of_them(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    tokenvend.function.deploy("2")
    tokenvend.function.refuse = "ListAliases"

    result = tokenvend("blocks")

    assert result.exit_code == 0
    assert "former version" not in result.stderr


def test_alias_that_workloads_share_is_made_protected_and_removed(tokenvend: Tokenvend) -> None:
    def share(document: dict[str, Any]) -> None:
        document["direct_workloads"] = {"principals": [WORKER, ANOTHER]}

    tokenvend.write(share)
    told = tokenvend.apply().stdout

    assert "+ alias Workloads  only for" in told
    assert tokenvend.function.principals_of("Workloads") == sorted([WORKER, ANOTHER])
    tokenvend.write()
    assert ("remove", "Workloads") in _planned(tokenvend)
