"""What GitHub and GitLab give a job: an identity token for an audience, from an issuer here."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from tests.local_stack.ci_platform import SUBJECT, Issuer
from tests.loopback import serving
from tests.system.conftest import Demo

from tokenvend_local import saved_state


@pytest.fixture(scope="module")
def workload(demo: Demo, issuer: Issuer) -> Iterator[str]:
    """The caller whose proof is the platform's token; it may have a token for reports."""
    before = (saved_state.FOLDER / "tokenvend.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(before)
    # The address of the local AWS is not the one that the deployment knows of itself.
    url = demo.settings["VENDING_API_URL"]
    # As the page says of GitHub, whose jobs can have a new token for each use.
    document["issuers"] = {"ci": {"issuer": issuer.url, "audience": url, "one_time": True}}
    proof = {"workload": {"issuer": "ci", "sub": SUBJECT}}
    document["callers"]["deploy"] = {"identities": [proof]}
    grant = {"caller": "deploy", "credential": "reports", "scopes": ["reports:read"]}
    document["grants"].append(grant)
    demo.apply(yaml.safe_dump(document))
    yield "deploy"
    demo.apply(before)


class Quiet(BaseHTTPRequestHandler):
    """A handler that answers JSON and logs nothing."""

    def answer(self, status: int, document: object, headers: Mapping[str, str] = {}) -> None:
        """Send *document*."""
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: tests keep what they need."""


@dataclass
class Platform:
    """Makes identity tokens for jobs; `made` has each, in order."""

    issuer: Issuer
    request_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    made: list[str] = field(default_factory=list)

    def identity_token(self, audience: str) -> str:
        """A new one for *audience*."""
        token = self.issuer.token(audience, jti=secrets.token_hex(16))
        self.made.append(token)
        return token


@contextmanager
def github(platform: Platform) -> Iterator[dict[str, str]]:
    """GitHub's endpoint for identity tokens; the variables by which a job finds it."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            (audience,) = parse_qs(urlsplit(self.path).query)["audience"]
            if self.headers["Authorization"] != f"Bearer {platform.request_token}":
                self.answer(401, {})
                return
            self.answer(200, {"value": platform.identity_token(audience)})

    with serving(Handler) as url:
        yield {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": platform.request_token,
        }


@dataclass
class FakeTokenvend:
    """Answers what a test says, one after the other; `subject_tokens` has what came."""

    answers: list[tuple[int, object]]
    subject_tokens: list[str] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its URL."""
        fake = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                fake.subject_tokens += form["subject_token"]
                status, document = fake.answers.pop(0)
                self.answer(status, document, {"Retry-After": "1"} if status == 503 else {})

        with serving(Handler) as url:
            yield url
