"""The policy of an alias: it allows its caller's principals and denies all others."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest
from tests.cli.conftest import WORKER, Tokenvend
from tests.cli.direct_callers import ADMIN, ANOTHER, EVENTS, Read, direct, plan_of


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
    tokenvend.write(direct("events", WORKER, ANOTHER))
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
    tokenvend.write(direct("events", ANOTHER))

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

    planned = plan_of(tokenvend)
    tokenvend.apply()

    assert planned == [("allow", "events")]
    assert json.loads(tokenvend.function.policies[EVENTS]) == json.loads(sound)


def test_same_policy_in_another_form_is_not_a_change(tokenvend: Tokenvend) -> None:
    tokenvend.write(direct("events", WORKER, ANOTHER))
    tokenvend.apply()
    policy = json.loads(tokenvend.function.policies[EVENTS])
    for statement in policy["Statement"]:
        statement["Action"] = [statement["Action"]]
    policy["Statement"][0]["Principal"]["AWS"].reverse()
    policy["Statement"][1]["Principal"] = {"AWS": "*"}
    tokenvend.function.policies[EVENTS] = json.dumps(policy)

    assert plan_of(tokenvend) == []
