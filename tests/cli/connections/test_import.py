"""`connections import` stores a refresh token, and replaces one only with `--replace`."""

import json

import pytest
import yaml
from tests.cli import aws
from tests.cli.conftest import Tokenvend
from tests.cli.connections.deployed_connections import KEY, NAME, import_connection, put_connection

from tokenvend.domain.secret import Secret
from tokenvend_cli.deployment.connection_records import DeployedConnections


def test_import_keeps_a_refresh_token_and_shows_it_nowhere(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    result = import_connection(tokenvend, account="user-9", scope="read")

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
    import_connection(tokenvend)

    found = deployed.store.read(KEY)

    assert found is not None
    assert found.consent is not None
    assert found.consent.scopes == frozenset({"read", "write"})


def test_import_replaces_only_when_it_is_told_to(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    before = put_connection(deployed)

    refused = import_connection(tokenvend)

    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    assert deployed.store.read(KEY) == before
    assert import_connection(tokenvend, "--replace").exit_code == 0
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
