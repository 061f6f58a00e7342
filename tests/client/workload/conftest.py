"""A server that takes a platform's token, and the platforms that make one: GitHub and AWS STS."""

import http.server
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.client.workload.platform_token import JWT, Sts
from tests.loopback import serving

from tokenvend_client.testing import FakeTokenvend


@pytest.fixture
def served(fake: FakeTokenvend) -> Iterator[str]:
    fake.subject_tokens = {JWT}
    with fake.serve() as url:
        yield url


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """GitHub's endpoint; gives the audiences that were asked for."""
    audiences: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            proven = self.headers["Authorization"] == "Bearer of-the-job"
            audiences.extend(parse_qs(urlsplit(self.path).query)["audience"])
            body = json.dumps({"value": JWT}).encode()
            self.send_response(200 if proven else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/token?api-version=2.0")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-job")
        yield audiences


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    found = Sts()
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    result = f"<R><WebIdentityToken>{JWT}</WebIdentityToken></R>"
    found.answer = (200, f'<A xmlns="{space}">{result}</A>')

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            assert "/eu-west-1/sts/aws4_request" in self.headers["Authorization"]
            found.asked.append({name: value for name, (value,) in parse_qs(body).items()})
            status, text = found.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        found.url = url
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", found.url)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield found
