"""`connections`: what an operator sees of users' consents, and does with them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from botocore.client import BaseClient
from tests.cli import aws
from tests.cli.conftest import Refuse, Tokenvend
from tests.fakes.signer import new_pair, pem_of

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain.connection import Connection, ConnectionKey, Consent, Redemption
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend.domain.untrusted import Distrust
from tokenvend_cli.deployment.connection_records import DeployedConnections
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.place import Place

NAME = "jobs-user/shop/acme-42"
KEY = ConnectionKey(credential="jobs-user", owner="shop", name="acme-42")
DAY = timedelta(days=1)
PEM = pem_of(new_pair(SigningAlgorithm.RS256)).reveal()
LOG_GROUP = aws.OUTPUTS["ConnectionsLogGroupName"]


@pytest.fixture
def deployed(tokenvend: Tokenvend) -> DeployedConnections:
    """The file with a credential under which users consent, applied."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    tokenvend.stack.outputs["KeyArn"] = key
    aws.client("logs").create_log_group(logGroupName=LOG_GROUP)

    def consents(document: dict[str, Any]) -> None:
        document["providers"]["acme"] |= {
            "authorization_endpoint": "https://login.acme.example/allow",
            "refresh_token_days": 28,
        }
        document["credentials"]["jobs-user"] = {
            "provider": "acme",
            "kind": "authorization_code",
            "redirect_uri": "https://connect.example/callback/jobs-user",
            "scopes": ["read", "write"],
        }

    tokenvend.write(consents)
    tokenvend.apply()
    return DeployedConnections(Deployment(Place()), untrusted)


def untrusted(item: str, reason: Distrust) -> None:
    raise AssertionError(f"{item}: {reason}")


def put(
    deployed: DeployedConnections, *, idle: timedelta = timedelta(0), name: str = "acme-42"
) -> Connection:
    """A connection that was refreshed *idle* ago."""
    refreshed_at = datetime.now(UTC) - idle
    consent = Consent(
        consent_id=f"consent-of-{name}",
        refresh_token=Secret("a-refresh-token"),
        scopes=frozenset({"read"}),
        account="user-7",
        connected_at=refreshed_at,
        refreshed_at=refreshed_at,
    )
    key = ConnectionKey(credential="jobs-user", owner="shop", name=name)
    connection = Connection(key=key, consent=consent, number=3)
    assert deployed.store.put_consent(None, connection)
    return connection


def lose(deployed: DeployedConnections, connection: Connection) -> None:
    entry = Redemption(number=3, holder_id="x", deadline_at=datetime.now(UTC))
    assert deployed.store.begin_redemption(connection, entry)
    assert deployed.store.mark_lost(connection, entry)


def test_list_shows_each_connection_and_no_token(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put(deployed)
    put(deployed, name="another", idle=20 * DAY)

    result = tokenvend("connections", "list")

    assert result.exit_code == 0
    assert NAME in result.stdout
    assert "overdue" in result.stdout
    assert "a-refresh-token" not in result.output


def test_list_can_be_narrowed(tokenvend: Tokenvend, deployed: DeployedConnections) -> None:
    put(deployed)

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
    put(deployed, idle=DAY)

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
    put(deployed, name="well")
    assert tokenvend("connections", "forecast").exit_code == 0
    put(deployed, name="expiring", idle=22 * DAY)
    put(deployed, name="expired", idle=29 * DAY)
    lose(deployed, put(deployed, name="lost"))

    result = tokenvend("connections", "forecast", "--json")

    assert result.exit_code == 1
    found = {row["connection"]: row["health"] for row in json.loads(result.stdout)}
    assert found == {
        "jobs-user/shop/expired": "expired",
        "jobs-user/shop/expiring": "expiring",
        "jobs-user/shop/lost": "lost",
    }


def imported(tokenvend: Tokenvend, *options: str, **fields: str) -> Any:
    given = {"refresh_token": "an-old-one"} | fields
    return tokenvend("connections", "import", NAME, *options, stdin=json.dumps(given))


def test_import_keeps_a_refresh_token_and_shows_it_nowhere(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    result = imported(tokenvend, account="user-9", scope="read")

    assert result.exit_code == 0, result.output
    found = deployed.store.read(KEY)
    assert found is not None
    assert found.consent is not None
    assert found.consent.refresh_token == Secret("an-old-one")
    assert (found.consent.account, found.consent.scopes) == ("user-9", frozenset({"read"}))
    assert "an-old-one" not in result.output
    assert "an-old-one" not in json.dumps(
        aws.client("dynamodb").scan(TableName="connections")["Items"], default=repr
    )


def test_import_without_scopes_counts_as_consent_to_all_that_is_declared(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    imported(tokenvend)

    found = deployed.store.read(KEY)

    assert found is not None
    assert found.consent is not None
    assert found.consent.scopes == frozenset({"read", "write"})


def test_import_replaces_only_when_it_is_told_to(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    before = put(deployed)

    refused = imported(tokenvend)

    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    assert deployed.store.read(KEY) == before
    assert imported(tokenvend, "--replace").exit_code == 0
    assert deployed.store.read(KEY) != before


@pytest.mark.parametrize(
    "stdin",
    [
        "",
        "[]",
        "{}",
        '{"refresh_token": ""}',
        '{"refresh_token": 7}',
        '{"refresh_token": " padded "}',
        '{"refresh_token": "x", "client_secret": "y"}',
        '{"refresh_token": "x", "scope": "beyond"}',
    ],
)
def test_a_malformed_import_is_wrong_use_and_not_quoted(
    tokenvend: Tokenvend, deployed: DeployedConnections, stdin: str
) -> None:
    result = tokenvend("connections", "import", NAME, stdin=stdin)

    assert result.exit_code == 2
    assert "padded" not in result.output
    assert deployed.store.read(KEY) is None


@pytest.mark.usefixtures("deployed")
def test_import_is_for_credentials_under_which_users_consent(tokenvend: Tokenvend) -> None:
    result = tokenvend("connections", "import", "jobs/shop/x", stdin='{"refresh_token": "x"}')

    assert result.exit_code == 1
    assert "authorization_code" in result.stderr


def test_disconnect_ends_a_connection_and_says_that_nobody_was_told(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put(deployed)

    result = tokenvend("connections", "disconnect", NAME)

    assert result.exit_code == 0
    assert f"{NAME} is gone." in result.stdout
    assert "provider was not told" in result.stderr
    assert deployed.store.read(KEY) is None


def recorded() -> list[dict[str, Any]]:
    """The lines of the audit trail."""
    found = aws.client("logs").filter_log_events(logGroupName=LOG_GROUP)["events"]
    return [json.loads(event["message"]) for event in found]


@pytest.mark.parametrize("event_type", ["disconnected", "imported"])
def test_what_an_operator_does_is_recorded_as_a_function_records_it(
    tokenvend: Tokenvend, deployed: DeployedConnections, event_type: str
) -> None:
    if event_type == "disconnected":
        put(deployed)
        tokenvend("connections", "disconnect", NAME)
    else:
        imported(tokenvend)

    (line,) = recorded()

    assert (line["service"], line["level"], line["message"]) == ("tokenvend", "INFO", "consent")
    assert (line["event"], line["entry"]) == (event_type, "operator")
    assert line["identity"].startswith("arn:aws:sts::123456789012:")
    assert (line["credential"], line["owner"], line["connection"]) == tuple(NAME.split("/"))
    assert line["ConsentEvents"] == [1.0]


def test_what_cannot_be_recorded_is_not_done(
    tokenvend: Tokenvend, deployed: DeployedConnections, refuse: Refuse
) -> None:
    put(deployed)
    refuse("CreateLogStream")

    result = tokenvend("connections", "disconnect", NAME)

    assert (result.exit_code, deployed.store.read(KEY) is None) == (1, False)
    assert "AWS refused CreateLogStream" in result.stderr


def test_a_client_that_signs_has_its_provider_revoke_what_an_operator_ends(
    tokenvend: Tokenvend,
    deployed: DeployedConnections,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[ProviderRequest] = []

    def send(_: object, request: ProviderRequest) -> ProviderResponse:
        asked.append(request)
        return ProviderResponse(200)

    monkeypatch.setattr(RequestsProviderClient, "send", send)
    document = yaml.safe_load(tokenvend.file.read_text(encoding="utf-8"))
    document["providers"]["acme"] |= {
        "revocation_endpoint": "https://login.acme.example/revoke",
        "client_authentication": "private_key_jwt",
    }
    tokenvend.file.write_text(yaml.safe_dump(document), encoding="utf-8")
    tokenvend.apply()
    secret = json.dumps({"client_id": "us", "private_key": PEM})
    assert tokenvend("secret", "put", "jobs-user", stdin=secret).exit_code == 0
    put(deployed)

    result = tokenvend("connections", "disconnect", NAME)

    assert (result.exit_code, result.stderr) == (0, "")
    (request,) = asked
    assert request.url == "https://login.acme.example/revoke"
    assert request.form["client_assertion"].startswith("ey")
    assert request.form["token"] == "a-refresh-token"


def test_an_altered_item_is_left_out_and_said(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put(deployed)
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
    put(deployed)
    refuse("Scan")

    result = tokenvend("connections", "list")

    assert result.exit_code == 1
    assert "AccessDeniedException" in result.stderr


def explained(tokenvend: Tokenvend, connection: str) -> dict[str, Any]:
    (verdict,) = tokenvend.json(
        *("explain", "--deployed", "--caller", "shop", "--credential", "jobs-user"),
        *("--connection", connection),
    )
    return dict(verdict)


@pytest.mark.usefixtures("deployed")
def test_explain_says_which_connections_a_grant_reaches(tokenvend: Tokenvend) -> None:
    document = yaml.safe_load(tokenvend.file.read_text(encoding="utf-8"))
    document["grants"].append({"caller": "shop", "credential": "jobs-user", "scopes": ["read"]})
    tokenvend.file.write_text(yaml.safe_dump(document), encoding="utf-8")
    tokenvend.apply()

    mine, theirs = explained(tokenvend, "acme-42"), explained(tokenvend, "events/acme-42")

    assert (mine["decision"], mine["connection"]) == ("granted", NAME)
    assert "all that its user consented to" in mine["scope"]
    assert (theirs["decision"], theirs["rule"], theirs["error"]) == (
        *("refused", "grant.connections"),
        "consent_required",
    )


def test_a_blocked_connection_is_named_wherever_it_is_shown(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put(deployed)
    put(deployed, name="other")
    document = yaml.safe_load(tokenvend.file.read_text(encoding="utf-8"))
    document["grants"].append({"caller": "shop", "credential": "jobs-user", "scopes": ["read"]})
    tokenvend.file.write_text(yaml.safe_dump(document), encoding="utf-8")
    tokenvend.apply()

    told = tokenvend("block", "connection", NAME, "--reason", "INC-7")

    assert (told.stdout, told.stderr) == (f"connection {NAME} is blocked.\n", "")
    assert explained(tokenvend, "acme-42")["rule"] == "connection.blocked"
    assert explained(tokenvend, "shop/acme-42")["rule"] == "connection.blocked"
    assert explained(tokenvend, "other")["decision"] == "granted"
    listed = tokenvend.json("connections", "list")
    assert {row["connection"]: row["blocked"] for row in listed} == {
        NAME: True,
        "jobs-user/shop/other": False,
    }
    assert "healthy, blocked" in tokenvend("connections", "list").stdout
    assert "blocked: yes" in tokenvend("connections", "show", NAME).stdout
    assert tokenvend.json("blocks")[0]["reason"] == "INC-7"

    tokenvend.apply()
    assert explained(tokenvend, "acme-42")["rule"] == "connection.blocked"
    assert tokenvend("unblock", "connection", NAME).exit_code == 0
    assert explained(tokenvend, "acme-42")["decision"] == "granted"


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
    assert "no such connection is there now" in result.stderr


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("jobs-user/shp/acme", 1, "no caller shp is deployed; did you mean shop?"),
        ("jobs-usr/shop/acme", 1, "no credential jobs-usr is deployed; did you mean jobs-user?"),
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
    put(deployed)
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, name: str, arguments: Any) -> Any:
        if name == "GetItem" and arguments["TableName"] == "connections":
            raise aws.aws_error("AccessDeniedException", "not allowed", name)
        return real(self, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)

    result = tokenvend("block", "connection", NAME, "--reason", "x")

    assert (result.exit_code, result.stderr) == (0, "")


def test_import_takes_the_values_of_a_host_of_its_own(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    document = yaml.safe_load(tokenvend.file.read_text())
    document["providers"]["acme"] |= {
        "token_endpoint": "https://{tenant.domain}/token",
        "tenant_values": {"domain": ["*.shops.example"]},
    }
    tokenvend.file.write_text(yaml.safe_dump(document))
    tokenvend.apply()
    token = {"refresh_token": "a-refresh-token"}
    wrong = [token, token | {"tenant.domain": "evil.example"}, token | {"tenant.shop": "a"}]

    refused = [tokenvend("connections", "import", NAME, stdin=json.dumps(given)) for given in wrong]
    taken = tokenvend(
        *("connections", "import", NAME),
        stdin=json.dumps(token | {"tenant.domain": "acme.shops.example"}),
    )

    assert [result.exit_code for result in refused] == [2, 2, 2]
    assert not any("evil.example" in result.output for result in refused)
    assert taken.exit_code == 0
    found = deployed.store.read(KEY)
    assert found is not None
    assert found.consent is not None
    assert found.consent.tenant is not None
    assert found.consent.tenant.host == "acme.shops.example"
    assert "acme.shops.example" in tokenvend("connections", "show", NAME).stdout
