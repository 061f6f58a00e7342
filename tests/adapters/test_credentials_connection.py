"""The connection by which AWS credentials come, under SnapStart and in containers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.adapters.aws import REGION

from tokenvend.adapters import aws_clients
from tokenvend.adapters.aws_clients import aws_client, close_connections


class Endpoint(ThreadingHTTPServer):
    """Gives credentials that must be fetched again at once, and counts its connections."""

    daemon_threads = True
    connections = 0
    requests = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        self.server.requests += 1
        soon = datetime.now(UTC) + timedelta(minutes=1)
        keys = {"AccessKeyId": "id", "SecretAccessKey": "key", "Token": "session"}
        body = json.dumps({**keys, "Expiration": soon.isoformat()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint(("127.0.0.1", 0), _Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        url = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        _forget()
        yield server
        server.shutdown()
    _forget()


def _forget() -> None:
    close_connections()
    aws_client.cache_clear()
    aws_clients._session.cache_clear()


def _sign() -> None:
    """Sign a request, for which credentials must be there."""
    aws_client("kms").generate_presigned_url("list_keys")


def test_one_connection_serves_until_an_environment_is_restored(endpoint: Endpoint) -> None:
    _sign()
    _sign()
    before = endpoint.connections
    close_connections()
    _sign()

    assert endpoint.requests >= 3
    assert before == 1
    assert endpoint.connections == 2
