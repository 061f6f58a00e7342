"""A token from each customer's own host, over TLS: from the file to the token, and each attack."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.servers import Call, Names, Server, self_signed
from tests.configuration.described import ReceivedRequest, vend

from tokenvend.domain.errors import CredentialNotReadyError, TokenVendError

HOST = "acme.provider.example"
OWN_HOST: dict[str, Any] = {
    "token_endpoint": "https://{tenant.domain}/{tenant.realm}/token",
    "client_authentication": "client_secret_post",
    "tenant_values": {"domain": ["*.provider.example", "*.other.example"], "realm": ["*"]},
    "token_request": {
        "parameters": {"realm": "{tenant.realm}"},
        "headers": {"X-Customer": "{tenant.domain}"},
    },
}
SECRET = {"client_id": "id", "client_secret": "s3cret", "domain": HOST, "realm": "jobs-1"}


@dataclass
class Customer:
    """A customer's own host, as it answers; every name that was looked up; whom to trust."""

    names: Names
    ca_file: Path
    server: Server
    status: str = "200 OK"
    lines: list[str] = field(default_factory=list)
    answer: dict[str, Any] = field(
        default_factory=lambda: {"access_token": "T", "token_type": "Bearer", "expires_in": 60}
    )

    def vend(self, secret: dict[str, str] | None = None, *, host: str = HOST) -> str:
        """The token that its secret, which is recorded for *host*, gives."""
        token = vend(
            OWN_HOST,
            secret or SECRET,
            ca_file=self.ca_file,
            host=host,
            tenant="acme",
            family=True,
        )
        return token.access_token.reveal()


@pytest.fixture
def customer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Customer]:
    context, ca_file = self_signed(tmp_path, host=HOST)

    def script(call: Call) -> None:
        body = json.dumps(it.answer).encode()
        call.answer(
            f"HTTP/1.1 {it.status}",
            f"Content-Length: {len(body)}",
            "Content-Type: application/json",
            *it.lines,
            body=body,
        )

    it = Customer(Names(), ca_file, Server(script, context))
    # Every name of an attack leads to the server too: it is not for the network to refuse it.
    known = (HOST, "evil.example", "169.254.169.254", "acme.other.example")
    it.names.ports = dict.fromkeys(known, it.server.port)
    it.names.install(monkeypatch)
    with it.server.running():
        yield it


def test_token_comes_from_the_tenants_own_host(customer: Customer) -> None:
    assert customer.vend() == "T"

    asked = ReceivedRequest.of(customer.server.requests[-1])
    assert (asked.headers["host"], asked.path) == (HOST, "/jobs-1/token")
    assert asked.form["realm"] == "jobs-1"
    assert asked.headers["x-customer"] == HOST
    assert "domain" not in asked.form
    assert customer.names.asked == [HOST]


@pytest.mark.parametrize(
    "domain",
    [
        *("evil.example", f"{HOST}@evil.example", f"{HOST}:8443", "169.254.169.254", "localhost"),
        *(
            f"{HOST}.",
            "xn--acme-9cd.provider.example",
            "acme-provider.example",
            f"evil.example/{HOST}",
        ),
        *("evil.example%23.provider.example", "evil.example#.provider.example", "[2001:db8::1]"),
    ],
)
def test_secret_that_names_another_host_is_sent_nowhere(customer: Customer, domain: str) -> None:
    """Also where whoever wrote it has recorded that host with it."""
    for recorded in (HOST, domain):
        with pytest.raises(CredentialNotReadyError, match="domain must") as caught:
            customer.vend(SECRET | {"domain": domain}, host=recorded)

        assert caught.value.rule == "secret.tenant_value"
        assert domain not in caught.value.description

    assert customer.names.asked == []
    assert customer.server.connections == 0


def test_host_that_fits_but_is_not_recorded_is_sent_nothing(customer: Customer) -> None:
    with pytest.raises(CredentialNotReadyError) as caught:
        customer.vend(SECRET | {"domain": "acme.other.example"})

    assert caught.value.rule == "secret.host"
    assert customer.server.connections == 0


def test_secret_without_its_value_is_sent_nowhere(customer: Customer) -> None:
    with pytest.raises(CredentialNotReadyError, match="has no field domain"):
        customer.vend({"client_id": "id", "client_secret": "s3cret", "realm": "jobs-1"})

    assert customer.server.connections == 0


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 Same", "308 Same"])
def test_redirect_of_a_tenants_host_is_not_followed(customer: Customer, status: str) -> None:
    customer.status = status
    customer.lines = ["Location: https://evil.example/token"]

    with pytest.raises(TokenVendError):
        customer.vend()

    assert customer.names.asked == [HOST]
    assert customer.server.connections == 1


def test_host_whose_certificate_is_another_names_gets_nothing(customer: Customer) -> None:
    other = "acme.other.example"

    with pytest.raises(TokenVendError):
        customer.vend(SECRET | {"domain": other}, host=other)

    assert customer.names.asked == [other]
    assert customer.server.requests == []


def test_what_a_host_says_quotes_nothing_of_the_tenants_values(customer: Customer) -> None:
    customer.status, customer.answer = "400 No", {"error": "unknown_jobs-1"}

    with pytest.raises(TokenVendError) as caught:
        customer.vend()

    assert "jobs-1" not in str(caught.value)
    assert HOST not in str(caught.value)
