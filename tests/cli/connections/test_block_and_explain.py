"""`explain` says which connections a grant reaches; `block connection` withholds one."""

from typing import Any

import pytest
import yaml
from botocore.client import BaseClient
from tests.cli import aws
from tests.cli.conftest import Tokenvend
from tests.cli.connections.deployed_connections import NAME, explain, put_connection

from tokenvend_cli.deployment.connection_records import DeployedConnections


@pytest.mark.usefixtures("deployed")
def test_explain_says_which_connections_a_grant_reaches(tokenvend: Tokenvend) -> None:
    document = yaml.safe_load(tokenvend.file.read_text(encoding="utf-8"))
    document["grants"].append({"caller": "shop", "credential": "jobs-user", "scopes": ["read"]})
    tokenvend.file.write_text(yaml.safe_dump(document), encoding="utf-8")
    tokenvend.apply()

    mine, theirs = explain(tokenvend, "acme-42"), explain(tokenvend, "events/acme-42")

    assert (mine["decision"], mine["connection"]) == ("granted", NAME)
    assert "all that its user consented to" in mine["scope"]
    assert (theirs["decision"], theirs["rule"], theirs["error"]) == (
        *("refused", "grant.connections"),
        "consent_required",
    )


def test_a_blocked_connection_is_named_wherever_it_is_shown(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put_connection(deployed)
    put_connection(deployed, name="other")
    document = yaml.safe_load(tokenvend.file.read_text(encoding="utf-8"))
    document["grants"].append({"caller": "shop", "credential": "jobs-user", "scopes": ["read"]})
    tokenvend.file.write_text(yaml.safe_dump(document), encoding="utf-8")
    tokenvend.apply()

    told = tokenvend("block", "connection", NAME, "--reason", "INC-7")

    assert (told.stdout, told.stderr) == (f"connection {NAME} is blocked.\n", "")
    assert explain(tokenvend, "acme-42")["rule"] == "connection.blocked"
    assert explain(tokenvend, "shop/acme-42")["rule"] == "connection.blocked"
    assert explain(tokenvend, "other")["decision"] == "granted"
    listed = tokenvend.json("connections", "list")
    assert {row["connection"]: row["blocked"] for row in listed} == {
        NAME: True,
        "jobs-user/shop/other": False,
    }
    assert "healthy, blocked" in tokenvend("connections", "list").stdout
    assert "blocked: yes" in tokenvend("connections", "show", NAME).stdout
    assert tokenvend.json("blocks")[0]["reason"] == "INC-7"

    tokenvend.apply()
    assert explain(tokenvend, "acme-42")["rule"] == "connection.blocked"
    assert tokenvend("unblock", "connection", NAME).exit_code == 0
    assert explain(tokenvend, "acme-42")["decision"] == "granted"


@pytest.mark.usefixtures("deployed")
def test_blocks_of_two_callers_connections_of_one_name_are_lifted_one_by_one(
    tokenvend: Tokenvend,
) -> None:
    theirs = "jobs-user/events/acme-42"
    for name in (NAME, theirs):
        assert tokenvend("block", "connection", name, "--reason", f"why {name}").exit_code == 0

    tokenvend("unblock", "connection", NAME)

    (left,) = tokenvend.json("blocks")
    assert (left["name"], left["reason"]) == (theirs, f"why {theirs}")


@pytest.mark.usefixtures("deployed")
def test_a_block_of_a_connection_that_is_not_there_stands_and_says_so(tokenvend: Tokenvend) -> None:
    result = tokenvend("block", "connection", NAME, "--reason", "x")

    assert result.exit_code == 0
    assert "there is no such connection now" in result.stderr


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("jobs-user/shp/acme", 1, "no caller shp in the deployment; did you mean shop?"),
        (
            "jobs-usr/shop/acme",
            1,
            "no credential jobs-usr in the deployment; did you mean jobs-user?",
        ),
        ("acme", 2, "CREDENTIAL/OWNER/NAME"),
    ],
)
@pytest.mark.usefixtures("deployed")
def test_a_name_of_nothing_is_not_blocked(
    tokenvend: Tokenvend, name: str, code: int, told: str
) -> None:
    result = tokenvend("block", "connection", name, "--reason", "x")

    assert (result.exit_code, tokenvend.json("blocks")) == (code, [])
    assert told in result.stderr


def test_who_may_not_read_connections_may_block_one(
    tokenvend: Tokenvend, deployed: DeployedConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_connection(deployed)
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, name: str, arguments: Any) -> Any:
        if name == "GetItem" and arguments["TableName"] == "connections":
            raise aws.aws_error("AccessDeniedException", "not allowed", name)
        return real(self, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)

    result = tokenvend("block", "connection", NAME, "--reason", "x")

    assert (result.exit_code, result.stderr) == (0, "")
