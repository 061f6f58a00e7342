"""Aliases of direct callers: made, moved and removed by `apply`."""

from typing import Any

import pytest
from tests.cli.conftest import WORKER, Tokenvend
from tests.cli.direct_callers import ANOTHER, EVENTS, Read, direct, plan_of


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

    planned = plan_of(tokenvend)
    tokenvend.apply()

    assert planned == [("allow", "events")]
    assert tokenvend.function.principals_of("events") == [WORKER]
    assert ("alias:events", "*") in registry()


def test_aliases_move_after_a_deployment(tokenvend: Tokenvend) -> None:
    tokenvend.write(direct("nightly", ANOTHER))
    tokenvend.apply()
    tokenvend.function.deploy("2")

    plan = tokenvend.on_file("plan", "--detailed-exit-code")
    tokenvend.apply()

    assert plan.exit_code == 3
    assert "~ alias events  to version 2" in plan.stdout
    versions = {name: each["FunctionVersion"] for name, each in tokenvend.function.aliases.items()}
    assert versions == {"live": "2", "events": "2", "nightly": "2"}
    assert tokenvend.function.principals_of("events") == [WORKER]


def test_alias_that_was_moved_by_hand_is_moved_back(tokenvend: Tokenvend) -> None:
    tokenvend.function.deploy("2")
    tokenvend.apply()
    tokenvend.function.aliases["events"]["FunctionVersion"] = "1"

    planned = plan_of(tokenvend)
    tokenvend.apply()

    assert planned == [("move", "events")]
    assert tokenvend.function.aliases["events"]["FunctionVersion"] == "2"


def test_alias_that_was_deleted_by_hand_is_made_again(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    del tokenvend.function.aliases["events"]
    del tokenvend.function.policies[EVENTS]

    tokenvend.apply()

    assert tokenvend.function.principals_of("events") == [WORKER]


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


@pytest.mark.parametrize("words", [("blocks",), ("secret", "status"), ("caller", "list")])
def test_next_command_says_which_direct_callers_are_behind_the_deployment(
    tokenvend: Tokenvend, words: tuple[str, ...]
) -> None:
    tokenvend.apply()
    tokenvend.function.deploy("2")

    behind = tokenvend(*words)
    tokenvend.apply()
    moved = tokenvend(*words)

    assert "former version of the service: events." in behind.stderr
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
    assert ("remove", "Workloads") in plan_of(tokenvend)
