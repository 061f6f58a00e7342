"""`connections disconnect` deletes a consent, revokes it at the provider, and leaves a log line."""

import json

import pytest
import yaml
from tests.cli.conftest import Refuse, Tokenvend
from tests.cli.connections.deployed_connections import (
    KEY,
    NAME,
    import_connection,
    logged_lines,
    put_connection,
)
from tests.fakes.signer import new_pair, pem_of

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend_cli.deployment.connection_records import DeployedConnections

PEM = pem_of(new_pair(SigningAlgorithm.RS256)).reveal()


def test_disconnect_ends_a_connection_and_says_that_nobody_was_told(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put_connection(deployed)

    result = tokenvend("connections", "disconnect", NAME)

    assert result.exit_code == 0
    assert f"{NAME} is deleted." in result.stdout
    assert "provider did not revoke its refresh token" in result.stderr
    assert deployed.store.read(KEY) is None


@pytest.mark.parametrize("event_type", ["disconnected", "imported"])
def test_what_an_operator_does_is_recorded_as_a_function_records_it(
    tokenvend: Tokenvend, deployed: DeployedConnections, event_type: str
) -> None:
    if event_type == "disconnected":
        put_connection(deployed)
        tokenvend("connections", "disconnect", NAME)
    else:
        import_connection(tokenvend)

    (line,) = logged_lines()

    assert (line["service"], line["level"], line["message"]) == ("tokenvend", "INFO", "consent")
    assert (line["event"], line["entry"]) == (event_type, "operator")
    assert line["identity"].startswith("arn:aws:sts::123456789012:")
    assert (line["credential"], line["owner"], line["connection"]) == tuple(NAME.split("/"))
    assert line["ConsentEvents"] == [1.0]


def test_what_cannot_be_recorded_is_not_done(
    tokenvend: Tokenvend, deployed: DeployedConnections, refuse: Refuse
) -> None:
    put_connection(deployed)
    refuse("CreateLogStream")

    result = tokenvend("connections", "disconnect", NAME)

    assert (result.exit_code, deployed.store.read(KEY) is None) == (1, False)
    assert "AWS refused CreateLogStream" in result.stderr


def test_a_client_that_signs_has_its_provider_revoke_what_an_operator_ends(
    tokenvend: Tokenvend,
    deployed: DeployedConnections,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[ProviderRequest] = []

    def send(_: object, request: ProviderRequest) -> ProviderResponse:
        requests.append(request)
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
    put_connection(deployed)

    result = tokenvend("connections", "disconnect", NAME)

    assert (result.exit_code, result.stderr) == (0, "")
    (request,) = requests
    assert request.url == "https://login.acme.example/revoke"
    assert request.form["client_assertion"].startswith("ey")
    assert request.form["token"] == "a-refresh-token"
