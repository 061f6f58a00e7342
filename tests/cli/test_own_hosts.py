"""`probe` and `revoke` where each customer has a host of its own: they ask that host, or nobody."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.servers import Call, Names, Server, self_signed
from tests.cli import aws
from tests.cli.conftest import Tokenvend
from tests.configuration.described import TOKEN, ReceivedRequest

from tokenvend.adapters import provider_http

HOST, OTHER = "acme.provider.example", "globex.provider.example"
SECRET = "hunter2-hunter2"
CLIENT = {"client_id": "us", "client_secret": SECRET}
PROVIDER = {
    "authorization_endpoint": "https://{tenant.domain}/oauth/authorize",
    "token_endpoint": "https://{tenant.domain}/oauth/token",
    "revocation_endpoint": "https://{tenant.domain}/oauth/revoke",
    "tenant_values": {"domain": ["*.provider.example"]},
}
CONSENTS = {
    "provider": "acme",
    "kind": "authorization_code",
    "redirect_uri": "https://connect.example/v1/callback/users",
    "scopes": ["read"],
}


@dataclass
class Customer:
    """A customer's own host: what it was asked, and every name that was looked up."""

    names: Names
    server: Server | None = None
    requests: list[ReceivedRequest] = field(default_factory=list)

    def answer(self, call: Call) -> None:
        """A token to each request, with a refresh token where one was redeemed."""
        asked = ReceivedRequest.of(call.request)
        self.requests.append(asked)
        token = dict(TOKEN) | {"access_token": f"T-{len(self.requests)}"}
        if "refresh_token" in asked.form:
            token["refresh_token"] = f"R-{len(self.requests)}"
        body = json.dumps(token).encode()
        lines = [f"Content-Length: {len(body)}", "Content-Type: application/json"]
        call.answer("HTTP/1.1 200 OK", *lines, body=body)

    @property
    def asked(self) -> set[str]:
        """Each host and path that was asked."""
        return {each.headers["host"] + each.path for each in self.requests}


@pytest.fixture
def customer(
    tokenvend: Tokenvend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Customer]:
    """Its host, whose certificate the command trusts, and the file that describes it, applied."""

    def change(document: dict[str, Any]) -> None:
        document["providers"]["acme"] = PROVIDER
        document["providers"]["other"] = {"token_endpoint": "https://login.acme.example/token"}
        document["credentials"]["jobs"]["provider"] = "other"
        document["credentials"]["users"] = CONSENTS
        grant = {"caller": "shop", "credential": "users", "scopes": ["read"]}
        document["grants"].append(grant | {"return_urls": ["https://shop.example/back"]})

    context, ca_file = self_signed(tmp_path, host=HOST)
    client = partial(provider_http.RequestsProviderClient, ca_file=str(ca_file))
    monkeypatch.setattr(provider_http, "RequestsProviderClient", client)
    tokenvend.write(change)
    tokenvend.apply()
    it = Customer(Names())
    server = Server(it.answer, context)
    it.names.ports = dict.fromkeys((HOST, OTHER, "evil.example"), server.port)
    it.names.install(monkeypatch)
    with server.running():
        yield it


def _put(tokenvend: Tokenvend, tenant: str = "acme", domain: str = HOST) -> None:
    value = json.dumps(CLIENT | {"domain": domain})
    assert tokenvend("secret", "put", f"partner/{tenant}", stdin=value).exit_code == 0


def _record(tenant: str, host: str) -> None:
    aws.client("secretsmanager").tag_resource(
        SecretId=f"tokenvend/tokenvend/partner/{tenant}",
        Tags=[{"Key": "tokenvend:host", "Value": host}],
    )


def test_probe_asks_the_tenants_own_host(tokenvend: Tokenvend, customer: Customer) -> None:
    _put(tokenvend)

    found = tokenvend.json("probe", "partner/acme")["found"]

    answers = {each["question"]: each["answer"] for each in found}
    assert answers["a token lives for"] == "3600 s"
    assert customer.asked == {f"{HOST}/oauth/token"}
    assert set(customer.names.asked) == {HOST}


def test_probe_introspects_at_the_tenants_own_host(
    tokenvend: Tokenvend, customer: Customer
) -> None:
    _put(tokenvend)
    words = ("probe", "partner/acme", "--introspection-endpoint")

    there = tokenvend(*words, f"https://{HOST}/introspect")
    elsewhere = tokenvend(*words, f"https://{OTHER}/introspect")

    assert (there.exit_code, elsewhere.exit_code) == (0, 2)
    assert f"the introspection endpoint must be at {HOST}" in elsewhere.stderr
    assert customer.asked == {f"{HOST}/oauth/token", f"{HOST}/introspect"}


def test_revoke_tells_the_tenants_own_host(
    tokenvend: Tokenvend, customer: Customer, secret_generations: Callable[[], dict[str, str]]
) -> None:
    _put(tokenvend)
    before = secret_generations()

    result = tokenvend("revoke", "partner/acme", stdin="a-token")

    assert result.exit_code == 0, result.output
    [asked] = customer.requests
    assert asked.headers["host"] + asked.path == f"{HOST}/oauth/revoke"
    assert asked.form["token"] == "a-token"
    assert secret_generations() != before


@pytest.mark.parametrize("command", ["probe", "revoke"])
def test_host_that_is_not_recorded_is_not_asked(
    tokenvend: Tokenvend, customer: Customer, command: str
) -> None:
    _put(tokenvend)
    _record("acme", OTHER)

    result = tokenvend(command, "partner/acme", stdin="a-token")

    assert result.exit_code == 1
    assert SECRET not in result.output
    assert customer.names.asked == []


@pytest.mark.parametrize(
    ("command", "told"), [("probe", "does not answer"), ("revoke", "did not answer")]
)
def test_host_with_another_names_certificate_gets_nothing(
    tokenvend: Tokenvend, customer: Customer, command: str, told: str
) -> None:
    _put(tokenvend, "globex", OTHER)

    result = tokenvend(command, "partner/globex", stdin="a-token")

    assert result.exit_code == 1
    assert told in result.stderr
    assert customer.names.asked == [OTHER]
    assert customer.requests == []


@pytest.mark.parametrize("name", ["partner/acme", "users"])
@pytest.mark.parametrize("domain", ["evil.example", f"{HOST}@evil.example", "169.254.169.254"])
def test_secret_of_ones_own_that_names_another_host_is_sent_nowhere(
    tokenvend: Tokenvend, customer: Customer, name: str, domain: str
) -> None:
    given = json.dumps(CLIENT | {"domain": domain, "refresh_token": "R-0"})

    result = tokenvend("probe", name, "--secret-from-stdin", stdin=given)

    assert result.exit_code == 2
    assert "domain must look like *.provider.example" in result.stderr
    assert domain not in result.output
    assert customer.names.asked == []


def test_probe_of_connections_is_told_which_host_to_ask(
    tokenvend: Tokenvend, customer: Customer
) -> None:
    words = ("probe", "users", "--secret-from-stdin")
    given = CLIENT | {"refresh_token": "R-0"}

    deployed = tokenvend("probe", "users")
    nowhere = tokenvend(*words, stdin=json.dumps(given))
    asked_before = list(customer.names.asked)
    there = tokenvend(*words, stdin=json.dumps(given | {"domain": HOST}))

    assert (deployed.exit_code, nowhere.exit_code, there.exit_code) == (2, 2, 0)
    for refused in (deployed, nowhere):
        assert "--secret-from-stdin, with domain and a refresh_token" in refused.stderr
    assert asked_before == []
    assert customer.asked == {f"{HOST}/oauth/token"}
    assert customer.requests[0].form["refresh_token"] == "R-0"


def test_revoke_of_connections_says_how_to_end_one(
    tokenvend: Tokenvend, customer: Customer, secret_generations: Callable[[], dict[str, str]]
) -> None:
    before = secret_generations()

    result = tokenvend("revoke", "users", stdin="a-token")

    assert result.exit_code == 2
    assert "tokenvend connections disconnect users/OWNER/NAME" in result.stderr
    assert (customer.names.asked, secret_generations()) == ([], before)
