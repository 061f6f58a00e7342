"""A CI platform on this machine: an issuer, and a caller that its tokens prove."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from joserfc.jwk import Key
from tests.fakes.issuer import FakeIssuer, new_key, public_jwk
from tests.local_stack.harness import Harness
from tests.loopback import serving

from tokenvend_local.callers import Answer, ask_as_workload
from tokenvend_local.stack import LocalStack

SUBJECT = "repo:acme/app:ref:refs/heads/main"


@dataclass
class Issuer:
    """Publishes its metadata and its keys; `asked` has every path."""

    keys: list[Key]
    url: str = ""
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def document(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        if self.is_down:
            return None
        if path.endswith("/.well-known/openid-configuration"):
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return {"keys": [dict(public_jwk(key)) for key in self.keys]}

    def token(self, audience: str, *, key: Key | None = None, **claims: Any) -> str:
        minted = FakeIssuer(datetime.now(UTC), url=self.url, key=key or self.keys[0])
        return minted.token(**({"aud": audience, "sub": SUBJECT} | claims)).reveal()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    found = Issuer([new_key("ES256", "first")])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = found.document(self.path)
            body = json.dumps(document).encode()
            self.send_response(503 if document is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing: what is asked is in `asked`."""

    with serving(Handler) as url:
        found.url = f"{url}/tenant"
        yield found


@dataclass(frozen=True)
class Ci:
    """A caller that is known by tokens of the issuer, and may have `credential`."""

    stack: LocalStack
    harness: Harness
    issuer: Issuer
    credential: str
    caller: str

    @property
    def audience(self) -> str:
        return self.stack.deployed.outputs["VendingApiUrl"]

    def ask(self, token: str, **form: str) -> Answer:
        return ask_as_workload(self.stack.deployed, token, self.credential, **form)

    def token(self, **claims: Any) -> str:
        return self.issuer.token(self.audience, **claims)


@pytest.fixture(scope="module")
def ci(stack: LocalStack, harness: Harness, issuer: Issuer) -> Iterator[Ci]:
    credential, caller = harness.name("jobs"), harness.name("deploy")
    harness.credential(credential)
    declared = harness.name("ci")
    issuers = harness.configuration.setdefault("issuers", {})
    issuers[declared] = {"issuer": issuer.url}
    workload = {"issuer": declared, "sub": "repo:acme/app:ref:refs/heads/*"}
    harness.configuration["callers"][caller] = {"identities": [{"workload": workload}]}
    harness.grant(caller, credential)
    harness.apply()
    yield Ci(stack, harness, issuer, credential, caller)
    # Its server goes, and each apply would ask it.
    harness.revoke_grants(caller)
    del issuers[declared], harness.configuration["callers"][caller]
