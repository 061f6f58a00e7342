"""A deployment with a credential under which users consent."""

from typing import Any

import pytest
from tests.cli import aws
from tests.cli.conftest import Tokenvend
from tests.cli.connections.deployed_connections import LOG_GROUP, untrusted

from tokenvend_cli.deployment.connection_records import DeployedConnections
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.place import Place


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
