"""`connections list`, `show` and `forecast` show each consent's state, and no token."""

import json
from datetime import datetime, timedelta

import pytest
from tests.cli import aws
from tests.cli.conftest import Refuse, Tokenvend
from tests.cli.connections.deployed_connections import NAME, mark_lost, put_connection

from tokenvend_cli.deployment.connection_records import DeployedConnections

DAY = timedelta(days=1)


def test_list_shows_each_connection_and_no_token(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put_connection(deployed)
    put_connection(deployed, name="another", idle=20 * DAY)

    result = tokenvend("connections", "list")

    assert result.exit_code == 0
    assert NAME in result.stdout
    assert "overdue" in result.stdout
    assert "a-refresh-token" not in result.output


def test_list_can_be_narrowed(tokenvend: Tokenvend, deployed: DeployedConnections) -> None:
    put_connection(deployed)

    def names(*options: str) -> list[str]:
        return [row["connection"] for row in tokenvend.json("connections", "list", *options)]

    assert names("--owner", "shop", "--credential", "jobs-user") == [NAME]
    assert names("--owner", "events") == []
    assert names("--credential", "jobs") == []


@pytest.mark.usefixtures("deployed")
def test_nothing_to_list_is_said(tokenvend: Tokenvend) -> None:
    assert "There are no connections." in tokenvend("connections", "list").stdout


def test_show_tells_account_scopes_and_times(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put_connection(deployed, idle=DAY)

    found = tokenvend.json("connections", "show", NAME)

    assert found["account"] == "user-7"
    assert found["scope"] == "read"
    assert found["refreshes"] == 2
    assert datetime.fromisoformat(found["refresh_token_expires_at"]) - datetime.fromisoformat(
        found["refreshed_at"]
    ) == timedelta(days=28)
    assert "account: user-7" in tokenvend("connections", "show", NAME).stdout


@pytest.mark.usefixtures("deployed")
def test_what_is_not_there_is_told(tokenvend: Tokenvend) -> None:
    for command in ("show", "disconnect"):
        result = tokenvend("connections", command, NAME)
        assert result.exit_code == 1
        assert f"there is no connection {NAME}" in result.stderr


@pytest.mark.parametrize("name", ["acme", "shop/acme", "Jobs/shop/acme", "a/b/c/d", "a//c"])
@pytest.mark.usefixtures("deployed")
def test_a_name_that_names_no_connection_is_wrong_use(tokenvend: Tokenvend, name: str) -> None:
    assert tokenvend("connections", "show", name).exit_code == 2


def test_forecast_names_those_at_risk_alone_and_says_so_by_its_exit(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put_connection(deployed, name="well")
    assert tokenvend("connections", "forecast").exit_code == 0
    put_connection(deployed, name="expiring", idle=22 * DAY)
    put_connection(deployed, name="expired", idle=29 * DAY)
    mark_lost(deployed, put_connection(deployed, name="lost"))

    result = tokenvend("connections", "forecast", "--json")

    assert result.exit_code == 1
    found = {row["connection"]: row["health"] for row in json.loads(result.stdout)}
    assert found == {
        "jobs-user/shop/expired": "expired",
        "jobs-user/shop/expiring": "expiring",
        "jobs-user/shop/lost": "lost",
    }


def test_an_altered_item_is_left_out_and_said(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put_connection(deployed)
    item = aws.client("dynamodb").scan(TableName="connections")["Items"][0]
    aws.client("dynamodb").put_item(
        TableName="connections", Item=item | {"token_number": {"N": "9"}}
    )

    result = tokenvend("connections", "list")

    assert "There are no connections." in result.stdout
    assert "replayed" in result.stderr


def test_who_may_not_is_told_by_aws(
    tokenvend: Tokenvend, deployed: DeployedConnections, refuse: Refuse
) -> None:
    put_connection(deployed)
    refuse("Scan")

    result = tokenvend("connections", "list")

    assert result.exit_code == 1
    assert "AccessDeniedException" in result.stderr
