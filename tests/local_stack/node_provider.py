"""The npm `oidc-provider` (tests/node), as a provider that nobody here wrote."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenvend_local import places, processes

FOLDER = places.ROOT / "tests" / "node"
SCOPES = ("orders.read", "orders.write")
#: A resource indicator (RFC 8707), and the scopes of the API behind it.
RESOURCE = "https://orders.example"
_READY_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class NodeClient:
    """A client of the provider, for one of the two client authentications."""

    client_id: str
    client_secret: str
    method: str


@dataclass(frozen=True, slots=True)
class NodeProvider:
    """A running one. `basic` and `post` are its two clients; both may have all of `SCOPES`."""

    issuer: str
    basic: NodeClient
    post: NodeClient
    log: Path

    def exchanges(self, client_id: str | None = None) -> list[dict[str, Any]]:
        """The token requests so far: `client_id`, `status`, `error`, `at` of each."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]
        found = [line for line in lines if "status" in line]
        return [line for line in found if client_id in {None, line["client_id"]}]


def _client(method: str) -> NodeClient:
    return NodeClient(f"orders-{method.rpartition('_')[2]}", secrets.token_urlsafe(32), method)


@contextmanager
def node_provider_running(log: Path) -> Iterator[NodeProvider]:
    """Run it with two clients until the end of the block.

    Raises:
        LocalStackError: it did not come up; `make test` installs it.
    """
    port = processes.free_port()
    clients = [_client("client_secret_basic"), _client("client_secret_post")]
    settings = {
        "port": port,
        "scopes": [*SCOPES],
        "resources": {RESOURCE: " ".join(SCOPES)},
        "clients": [
            {
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "method": client.method,
                "scope": " ".join(SCOPES),
            }
            for client in clients
        ],
    }
    process = processes.start(
        "oidc-provider",
        [shutil.which("node") or "node", str(FOLDER / "server.mjs")],
        environ=places.environment({"OIDC_PROVIDER": json.dumps(settings)}, inherited=os.environ),
        log=log,
    )
    try:
        processes.wait_until(
            process,
            lambda: '{"issuer"' in log.read_text(),
            within_seconds=_READY_SECONDS,
            log=log,
        )
        yield NodeProvider(f"http://127.0.0.1:{port}", clients[0], clients[1], log)
    finally:
        processes.stop(process)
