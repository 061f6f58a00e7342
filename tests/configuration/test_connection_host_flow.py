"""A case of `cases/providers.json`, whole: each connection has a host of its own, over TLS.

From the file to a refreshed token and to its revocation, for two customers at once.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.servers import Call, Names, Server, self_signed
from tests.configuration.described import ReceivedRequest
from tests.configuration.flows import Flow, Provider

from tokenvend.consent.caller_connections import Disconnected
from tokenvend.domain.connection import ConnectionKey, ConnectionStatus
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import InvalidRequestError, TemporarilyUnavailableError
from tokenvend.domain.secret import Secret

ACME, GLOBEX = "acme.shops.example", "globex.shops.example"
SHOPS: dict[str, Any] = {
    "authorization_endpoint": "https://{tenant.domain}/allow",
    "token_endpoint": "https://{tenant.domain}/token",
    "revocation_endpoint": "https://{tenant.domain}/revoke",
    "consent_flow": {"refresh_endpoint": "https://{tenant.domain}/refresh"},
    "tenant_values": {"domain": ["*.shops.example"]},
}


@dataclass
class Shop(Provider):
    """A customer's host: where each request went, and which refresh tokens it revoked."""

    refresh_path: str = "/refresh"
    asked: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)

    def answer(self, call: Call) -> None:
        request = ReceivedRequest.of(call.request)
        self.asked.append(request.headers["host"] + request.path)
        if request.path == "/revoke":
            self.revoked.append(request.form["token"])
            call.answer("HTTP/1.1 200 OK", "Content-Length: 0")
        else:
            super().answer(call)


@dataclass
class Shops:
    """Two customers' hosts, one credential for both, and every name that was looked up."""

    at: dict[str, Shop]
    ports: dict[str, int]
    names: Names
    flow: Flow[Shop]

    def consent(self, host: str) -> ConnectionKey:
        """The user of the host's customer consents there."""
        name = host.partition(".")[0]
        return self.flow.consent(connection=name, **{"tenant.domain": host}).key

    def vend(self, host: str) -> Secret:
        """The access token of that customer's connection."""
        vended = self.flow.vend_token(connection=host.partition(".")[0])
        return vended.answer.token.access_token

    def hijack(self, host: str, *, by: str) -> None:
        """Have the name of *host* lead to the server of another."""
        self.names.ports[host] = self.ports[by]


@pytest.fixture
def shops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shops]:
    names, ca_file = Names(), tmp_path / "authorities.pem"
    at = {
        ACME: Shop(refresh_tokens=["acme-1", "acme-2", "acme-3"]),
        GLOBEX: Shop(refresh_tokens=["globex-1", "globex-2", "globex-3"]),
    }
    with ExitStack() as running:
        for host, shop in at.items():
            (tmp_path / host).mkdir()
            context, certificate = self_signed(tmp_path / host, host=host)
            with ca_file.open("ab") as authorities:
                authorities.write(certificate.read_bytes())
            server = running.enter_context(Server(shop.answer, context).running())
            names.ports[host] = server.port
        ports = dict(names.ports)
        names.install(monkeypatch)
        yield Shops(at, ports, names, Flow(at[ACME], SHOPS, ca_file=ca_file))


def test_every_endpoint_follows_the_connections_own_host(shops: Shops) -> None:
    departure = shops.flow.depart(**{"tenant.domain": ACME})
    for host in (ACME, GLOBEX):
        shops.consent(host)
    tokens = [shops.vend(host) for host in (ACME, GLOBEX)]
    ended = shops.flow.run(Action.DISCONNECT)

    assert departure.url.startswith(f"https://{ACME}/allow?")
    assert tokens == [Secret("T-2"), Secret("T-2")]
    assert isinstance(ended, Disconnected)
    assert ended.revoked
    paths = ["/token", "/refresh", "/revoke"]
    assert shops.at[ACME].asked == [ACME + path for path in paths]
    assert shops.at[GLOBEX].asked == [GLOBEX + path for path in paths[:2]]
    assert (shops.at[ACME].revoked, shops.at[GLOBEX].revoked) == (["acme-2"], [])
    for name, shop in (("acme", shops.at[ACME]), ("globex", shops.at[GLOBEX])):
        assert shop.requests[-1]["refresh_token"] == f"{name}-1"
    assert set(shops.names.asked) == {ACME, GLOBEX}


@pytest.mark.parametrize("domain", ["evil.example", f"{ACME}@evil.example", "169.254.169.254", ""])
def test_a_host_that_does_not_fit_starts_nothing(shops: Shops, domain: str) -> None:
    with pytest.raises(InvalidRequestError, match="domain") as caught:
        shops.flow.depart(**{"tenant.domain": domain})

    assert caught.value.rule == "connection.tenant_value"
    assert shops.names.asked == []


def test_a_host_with_another_names_certificate_gets_no_refresh_token(shops: Shops) -> None:
    """The connection outlives it: the same refresh token is redeemed once the host is back."""
    key = shops.consent(ACME)
    shops.hijack(ACME, by=GLOBEX)

    with pytest.raises(TemporarilyUnavailableError):
        shops.vend(ACME)

    connection = shops.flow.connections.read(key)
    assert connection is not None
    assert connection.status is ConnectionStatus.ACTIVE
    assert shops.at[GLOBEX].asked == []
    shops.hijack(ACME, by=ACME)
    shops.flow.clock.advance(timedelta(minutes=15))
    assert shops.vend(ACME) == Secret("T-2")
    assert shops.at[ACME].requests[-1]["refresh_token"] == "acme-1"


def test_a_host_with_another_names_certificate_gets_no_code(shops: Shops) -> None:
    shops.hijack(ACME, by=GLOBEX)

    with pytest.raises(TemporarilyUnavailableError):
        shops.consent(ACME)

    assert shops.at[GLOBEX].asked == []
    assert shops.names.asked == [ACME]
