"""`block`, `unblock`, `blocks`: a kill switch that survives `apply`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.cli.conftest import Items, Tokenvend

type Read = Callable[[], Items]


def _two_clients(document: dict[str, Any]) -> None:
    identities = [{"client": "shop-web"}, {"client": "shop-app"}]
    document["callers"]["shop"]["identities"] = identities


def _rule(tokenvend: Tokenvend, identity: str, credential: str = "jobs") -> str:
    """The rule that decides what is deployed."""
    asked = ("--identity", identity, "--credential", credential)
    (verdict,) = tokenvend.json("explain", "--deployed", *asked)
    return str(verdict["rule"])


def _block(tokenvend: Tokenvend, what: str, name: str) -> None:
    result = tokenvend("block", what, name, "--reason", f"INC-{name}")
    assert (result.exit_code, result.stdout) == (0, f"{what} {name} is blocked.\n")


def _unblock(tokenvend: Tokenvend, what: str, name: str) -> None:
    result = tokenvend("unblock", what, name)
    assert (result.exit_code, result.stdout) == (0, f"{what} {name} is no longer blocked.\n")


@pytest.mark.parametrize(
    ("what", "name", "rules"),
    [
        ("caller", "shop", ["caller.blocked", "caller.blocked", "grant.tenants"]),
        ("client", "shop-web", ["caller.blocked", "granted", "grant.tenants"]),
        ("credential", "jobs", ["credential.blocked", "credential.blocked", "grant.tenants"]),
        ("credential", "partner", ["granted", "granted", "credential.blocked"]),
    ],
)
def test_block_stops_what_it_names_until_it_is_lifted(
    tokenvend: Tokenvend, registry: Read, what: str, name: str, rules: list[str]
) -> None:
    tokenvend.write(_two_clients)
    tokenvend.apply()
    before = registry()

    def rules_now() -> list[str]:
        return [
            _rule(tokenvend, "client:shop-web"),
            _rule(tokenvend, "client:shop-app"),
            _rule(tokenvend, "alias:events", "partner"),
        ]

    _block(tokenvend, what, name)
    blocked = rules_now()
    _unblock(tokenvend, what, name)

    assert blocked == rules
    assert rules_now() == ["granted", "granted", "grant.tenants"]
    assert registry() == before


@pytest.mark.parametrize(
    ("what", "name"), [("caller", "shop"), ("client", "shop-web"), ("credential", "jobs")]
)
def test_block_survives_apply(tokenvend: Tokenvend, what: str, name: str) -> None:
    tokenvend.apply()
    _block(tokenvend, what, name)
    tokenvend.write(lambda document: document["callers"]["shop"].update(requests_per_minute=9))

    plan = tokenvend.json("plan", "--file", str(tokenvend.file))["changes"]
    tokenvend.apply()

    assert [(change["action"], change["kind"]) for change in plan] == [("change", "caller")]
    assert _rule(tokenvend, "client:shop-web").endswith(".blocked")


def test_identity_that_a_blocked_caller_gets_later_is_blocked_too(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.apply()
    _block(tokenvend, "caller", "shop")
    tokenvend.write(_two_clients)

    told = tokenvend.on_file("plan").stdout
    tokenvend.apply()
    blocked = _rule(tokenvend, "client:shop-app")
    _unblock(tokenvend, "caller", "shop")

    assert "+ block client:shop-app" in told
    assert blocked == "caller.blocked"
    assert _rule(tokenvend, "client:shop-app") == "granted"
    assert not [key for key in registry() if key[1] == "!blocked"]


def test_caller_that_leaves_the_file_and_comes_back_is_still_blocked(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _block(tokenvend, "caller", "shop")

    def without_shop(document: dict[str, Any]) -> None:
        del document["callers"]["shop"], document["grants"][0]

    tokenvend.write(without_shop)
    tokenvend.apply()
    tokenvend.write(_two_clients)
    tokenvend.apply()

    assert _rule(tokenvend, "client:shop-web") == "caller.blocked"
    assert _rule(tokenvend, "client:shop-app") == "caller.blocked"


def test_blocked_client_stays_blocked_under_another_caller(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _block(tokenvend, "client", "shop-web")

    def rename(document: dict[str, Any]) -> None:
        document["callers"]["store"] = document["callers"].pop("shop")
        document["grants"][0]["caller"] = "store"

    tokenvend.write(rename)
    tokenvend.apply()

    assert _rule(tokenvend, "client:shop-web") == "caller.blocked"


@pytest.mark.parametrize(
    ("lifted", "left"),
    [(("caller", "shop"), ("client", "shop-web")), (("client", "shop-web"), ("caller", "shop"))],
)
def test_unblock_leaves_the_other_block_of_the_same_identity(
    tokenvend: Tokenvend, lifted: tuple[str, str], left: tuple[str, str]
) -> None:
    tokenvend.apply()
    _block(tokenvend, *left)
    _block(tokenvend, *lifted)

    _unblock(tokenvend, *lifted)

    assert _rule(tokenvend, "client:shop-web") == "caller.blocked"
    assert [(row["what"], row["name"]) for row in tokenvend.json("blocks")] == [left]
    _unblock(tokenvend, *left)
    assert _rule(tokenvend, "client:shop-web") == "granted"


def test_blocks_are_listed_with_when_and_why(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    began = datetime.now(UTC)
    tokenvend("block", "caller", "shop", "--reason", "leaked key [red]INC-42")
    _block(tokenvend, "client", "shop-web")
    _block(tokenvend, "credential", "jobs")

    found = tokenvend.json("blocks")
    times = [datetime.fromisoformat(row.pop("blocked_at")) for row in found]
    shown = tokenvend("blocks").stdout

    assert found == [
        {"what": "caller", "name": "shop", "reason": "leaked key [red]INC-42"},
        {"what": "client", "name": "shop-web", "reason": "INC-shop-web"},
        {"what": "credential", "name": "jobs", "reason": "INC-jobs"},
    ]
    assert all(began <= each <= datetime.now(UTC) for each in times)
    assert "leaked key [red]INC-42" in shown


def test_nothing_blocked_is_said(tokenvend: Tokenvend) -> None:
    assert tokenvend("blocks").stdout == "Nothing is blocked.\n"
    assert tokenvend.json("blocks") == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            ("block", "caller", "shp", "--reason", "x"),
            1,
            "no caller shp in the deployment; did you mean",
        ),
        (("block", "client", "shop", "--reason", "x"), 1, "no client shop in the deployment"),
        (("block", "credential", "xyz", "--reason", "x"), 1, "no credential xyz in the deployment"),
        (("block", "caller", "shop"), 2, "Missing option '--reason'"),
        (("block", "grant", "shop", "--reason", "x"), 2, "'grant' is not one of"),
        (("unblock", "caller", "shop"), 1, "caller shop is not blocked"),
    ],
)
def test_what_cannot_be_blocked_or_lifted_is_told(
    tokenvend: Tokenvend, registry: Read, words: tuple[str, ...], code: int, told: str
) -> None:
    tokenvend.apply()
    before = registry()

    result = tokenvend(*words)

    assert (result.exit_code, registry()) == (code, before)
    assert told in result.stderr
