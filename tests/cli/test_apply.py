"""`plan` and `apply`: what changes in the registry."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.conftest import Items, Tokenvend

from tokenvend.adapters.dynamodb.registry_items import META_KEY, RegistryItem
from tokenvend_cli.deployment.changes import ChangeAction, changes_between
from tokenvend_cli.deployment.registry_table import Registry, RegistryTable, Writes

type Read = Callable[[], Items]


def test_apply_makes_every_item(tokenvend: Tokenvend, registry: Read) -> None:
    told = tokenvend.apply().stdout

    assert registry().keys() == {
        ("credential#jobs", "*"),
        ("credential#partner", "*"),
        ("client:shop-web", "*"),
        ("client:shop-web", "jobs"),
        ("alias:events", "*"),
        ("alias:events", "partner"),
    }
    assert "+ credential jobs" in told
    assert "+ caller shop  known as client:shop-web" in told
    assert "+ grant events -> partner  for alias:events" in told
    assert "7 to add, 0 to change, 0 to remove." in told


def test_apply_twice_changes_nothing_the_second_time(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    tokenvend.function.calls.clear()

    again = tokenvend.apply()

    assert "Nothing to change" in again.stdout
    assert tokenvend.function.calls == []


def test_plan_changes_nothing_and_says_by_its_exit_code_if_there_is_anything_to_do(
    tokenvend: Tokenvend, registry: Read
) -> None:
    before = tokenvend.on_file("plan", "--detailed-exit-code")
    found = registry()
    tokenvend.apply()
    after = tokenvend.on_file("plan", "--detailed-exit-code")

    assert (before.exit_code, after.exit_code) == (3, 0)
    assert (found, len(tokenvend.function.calls)) == ({}, 2)


def test_plan_names_the_fields_that_change(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    def change(document: dict[str, Any]) -> None:
        document["credentials"]["jobs"]["scopes"] = ["read", "write"]
        document["credentials"]["jobs"]["extra_parameters"] = {"a": "hunter2"}
        document["grants"][0]["scopes"] = ["read", "write"]

    tokenvend.write(change)

    told = tokenvend.on_file("plan").stdout

    assert "~ credential jobs" in told
    assert "scopes: read -> read write" in told
    assert "hunter2" not in told
    assert "0 to add, 2 to change, 0 to remove." in told


def test_plan_as_json_is_for_a_program(tokenvend: Tokenvend) -> None:
    plan = tokenvend.json("plan", "--file", str(tokenvend.file))

    assert {
        "action": "add",
        "kind": "grant",
        "name": "shop -> jobs",
        "identity": "client:shop-web",
        "fields": {},
    } in plan["changes"]
    assert plan["aliases"][0]["action"] == "make"
    assert plan["providers"]["acme"]["token_endpoint"] == "https://login.acme.example/token"
    assert plan["notices"] == []


def test_what_the_file_no_longer_says_is_removed(tokenvend: Tokenvend, registry: Read) -> None:
    tokenvend.apply()
    tokenvend("caller", "new-secret", "shop")
    tokenvend.file.write_text("version: 1", encoding="utf-8")

    told = tokenvend.apply().stdout

    assert registry() == {}
    assert "- client secrets client:shop-web" in told
    assert tokenvend.function.aliases.keys() == {"live"}


def test_grant_is_not_orphaned(tokenvend: Tokenvend, registry: Read) -> None:
    tokenvend.apply()
    before = registry()
    tokenvend.write(lambda document: document["callers"].pop("shop"))

    result = tokenvend.on_file("apply", "--yes", "--first")

    assert result.exit_code == 2
    assert "grants[0].caller: there is no caller shop: declare it, or remove" in result.stderr
    assert registry() == before


def test_apply_asks_a_person_and_never_a_script(tokenvend: Tokenvend, registry: Read) -> None:
    result = tokenvend.on_file("apply")

    assert (result.exit_code, registry()) == (2, {})
    assert "then `tokenvend apply --yes`" in result.stderr


@pytest.mark.parametrize(("answer", "code"), [("y\ny\n", 0), ("y\nn\n", 1), ("n\n", 1)])
def test_person_can_still_say_no(
    tokenvend: Tokenvend,
    registry: Read,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
) -> None:
    monkeypatch.setattr("tokenvend_cli.commands.plan.is_terminal", lambda: True)

    result = tokenvend("apply", "--file", str(tokenvend.file), stdin=answer)

    assert result.exit_code == code
    assert bool(registry()) == (code == 0)


def test_second_of_two_concurrent_applies_writes_nothing(
    tokenvend: Tokenvend, registry: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()
    read = RegistryTable.read

    def overtaken(self: RegistryTable) -> Registry:
        seen = read(self)
        self.write(Writes(put=[RegistryItem("client:x", "*", {})]), revision=seen.revision)
        return seen

    monkeypatch.setattr(RegistryTable, "read", overtaken)
    tokenvend.write(lambda document: document["grants"].pop(0))

    result = tokenvend.on_file("apply", "--yes", "--first")

    assert result.exit_code == 1
    assert "somebody else changed the registry" in result.stderr
    assert ("client:shop-web", "jobs") in registry()


def test_more_items_than_one_transaction_takes(tokenvend: Tokenvend, registry: Read) -> None:
    def many(document: dict[str, Any]) -> None:
        document["callers"]["shop"]["identities"] = [{"client": f"c{n}"} for n in range(120)]

    tokenvend.write(many)
    tokenvend.apply()
    made = len(registry())
    tokenvend.write()
    tokenvend.apply()

    assert (made, len(registry())) == (4 + 240, 6)


ITEMS = [
    RegistryItem(pk, sk, {"caller": pk, "value": value})
    for pk in ("credential#a", "client:b", "alias:c")
    for sk in ("*", "a")
    for value in (1, 2)
]


@given(
    st.lists(st.sampled_from(ITEMS), unique_by=lambda item: item.key),
    st.lists(st.sampled_from(ITEMS), unique_by=lambda item: item.key),
)
def test_changes_turn_any_registry_into_the_desired_one(
    deployed: list[RegistryItem], desired: list[RegistryItem]
) -> None:
    after = {item.key: item for item in deployed}

    for change in changes_between([*deployed, RegistryItem(*META_KEY, {"revision": 1})], desired):
        assert change.before == (
            None if change.action is ChangeAction.REMOVE else after.get(change.item.key)
        )
        if change.action is ChangeAction.REMOVE:
            del after[change.item.key]
        else:
            after[change.item.key] = change.item

    assert after == {item.key: item for item in desired}
    assert changes_between(after.values(), desired) == []


def test_removals_come_first_and_what_is_named_before_what_names_it() -> None:
    def items(*pks: str) -> list[RegistryItem]:
        return [
            item
            for pk in pks
            for item in (
                RegistryItem(f"client:{pk}", pk, {"caller": pk}),
                RegistryItem(f"client:{pk}", "*", {"caller": pk}),
                RegistryItem(f"credential#{pk}", "*", {}),
            )
        ]

    order = [
        (change.action.value, change.item.key) for change in changes_between(items("a"), items("b"))
    ]

    assert order == [
        ("remove", ("client:a", "a")),
        ("remove", ("client:a", "*")),
        ("remove", ("credential#a", "*")),
        ("add", ("credential#b", "*")),
        ("add", ("client:b", "*")),
        ("add", ("client:b", "b")),
    ]
