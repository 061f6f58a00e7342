"""A credential at a demo provider in this process, for commands that ask a provider."""

import json
from typing import Any

from tests.cli.conftest import Tokenvend

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Client, Flavour

SCOPES = ["reports:read", "reports:write"]


def set_up(
    tokenvend: Tokenvend, provider: ProviderControl, flavour: Flavour, **facts: str
) -> Client:
    """One credential, with its secret. *facts* are more of `providers.acme` in the file."""
    tokenvend.stack.outputs["LocalStack"] = "true"
    method = "client_secret_post" if flavour is Flavour.SMARTRECRUITERS else "client_secret_basic"

    def change(document: dict[str, Any]) -> None:
        document["providers"]["acme"] = {
            "token_endpoint": provider.token_endpoint(flavour),
            "client_authentication": method,
            **facts,
        }
        del document["callers"]["events"]
        document["credentials"] = {"jobs": {"provider": "acme", "scopes": SCOPES}}
        document["grants"] = [{"caller": "shop", "credential": "jobs", "scopes": SCOPES}]

    tokenvend.write(change)
    tokenvend.apply()
    client = provider.add_client("jobs", flavour=flavour, scopes=SCOPES)
    secret = {"client_id": client.client_id, "client_secret": client.client_secret}
    assert tokenvend("secret", "put", "jobs", stdin=json.dumps(secret)).exit_code == 0
    return client
