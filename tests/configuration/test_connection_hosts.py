"""A user consents at a customer's own host, over TLS: from the file to the connection."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.servers import Call, Names, Server, self_signed
from tests.configuration.described import ReceivedRequest, definition_of
from tests.unit.consent.harness import Harness, key_of

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.consent.caller_connections import Disconnected
from tokenvend.domain.connection import ConnectionStatus
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.secret_destination import destination_of

HOST = "acme.shops.example"
SHOPS: dict[str, Any] = {
    "authorization_endpoint": "https://{tenant.domain}/oauth/authorize",
    "token_endpoint": "https://{tenant.domain}/oauth/token",
    "revocation_endpoint": "https://{tenant.domain}/oauth/revoke",
    "account_endpoint": "https://{tenant.domain}/me",
    "tenant_values": {"domain": ["*.shops.example"]},
}
CONSENTS = {
    "kind": "authorization_code",
    "redirect_uri": "https://connect.example/v1/callback/jobs",
    "scopes": ["jobs_read"],
}
AT_HOST: dict[str, Any] = {"tenant.domain": HOST}


@dataclass
class Shop:
    """A customer's host, what it answers at each path, and every name that was looked up."""

    harness: Harness
    names: Names
    server: Server
    answers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    @property
    def asked(self) -> list[str]:
        """Each request's host and path, in their order."""
        requests = [ReceivedRequest.of(each) for each in self.server.requests]
        return [each.headers["host"] + each.path for each in requests]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The file's definition in a harness whose provider is asked over HTTP."""
    context, ca_file = self_signed(tmp_path, host=HOST)

    def script(call: Call) -> None:
        status, document = it.answers[ReceivedRequest.of(call.request).path]
        body = json.dumps(document).encode()
        lines = [f"Content-Length: {len(body)}", "Content-Type: application/json"]
        call.answer(f"HTTP/1.1 {status}", *lines, "Location: https://evil.example/", body=body)

    provider: Any = RequestsProviderClient(ca_file=str(ca_file))
    harness = Harness(provider=provider)
    definition = definition_of(SHOPS, CONSENTS)
    assert definition.authorization is not None
    callback = "https://connect.example/v1/callback/hiring"
    authorization = replace(definition.authorization, redirect_uri=callback)
    definition = replace(definition, name="hiring", authorization=authorization)
    harness.define(definition)
    held = harness.secrets.secrets
    held["hiring", None] = replace(held["hiring", None], allowed_host=destination_of(definition))
    token = {"access_token": "T", "token_type": "Bearer", "expires_in": 60, "refresh_token": "R"}
    it = Shop(harness, Names(), Server(script, context))
    it.answers = {
        "/oauth/token": ("200 OK", token),
        "/oauth/revoke": ("200 OK", {}),
        "/me": ("200 OK", {"sub": "ada"}),
    }
    it.names.ports = dict.fromkeys((HOST, "evil.example"), it.server.port)
    it.names.install(monkeypatch)
    with it.server.running():
        yield it


def test_code_account_and_revocation_go_to_the_users_own_host(shop: Shop) -> None:
    departure = shop.harness.pages.proceed(shop.harness.start(**AT_HOST))
    connection = shop.harness.complete(shop.harness.come_back(departure))
    ended = shop.harness.run(Action.DISCONNECT, connection="ada")

    assert departure.url.startswith(f"https://{HOST}/oauth/authorize?")
    assert connection.status is ConnectionStatus.ACTIVE
    assert connection.consent is not None
    assert connection.consent.account == "ada"
    assert isinstance(ended, Disconnected)
    assert ended.revoked
    assert shop.asked == [f"{HOST}/oauth/token", f"{HOST}/me", f"{HOST}/oauth/revoke"]
    assert set(shop.names.asked) == {HOST}


@pytest.mark.parametrize("status", ["302 Found", "307 Same", "308 Same"])
def test_redirect_takes_neither_code_nor_secret_elsewhere(shop: Shop, status: str) -> None:
    shop.answers["/oauth/token"] = (status, {})
    departure = shop.harness.pages.proceed(shop.harness.start(**AT_HOST))

    with pytest.raises(TokenVendError):
        shop.harness.come_back(departure)

    assert shop.asked == [f"{HOST}/oauth/token"]
    assert shop.names.asked == [HOST]
    assert shop.harness.connections.read(key_of("ada")) is None


def test_redirect_takes_no_token_elsewhere(shop: Shop) -> None:
    """Neither when it is asked whose it is, nor when it is revoked."""
    for path in ("/me", "/oauth/revoke"):
        shop.answers[path] = ("307 Same", {"sub": "eve"})
    departure = shop.harness.pages.proceed(shop.harness.start(**AT_HOST))
    connection = shop.harness.complete(shop.harness.come_back(departure))
    ended = shop.harness.run(Action.DISCONNECT, connection="ada")

    assert connection.consent is not None
    assert connection.consent.account is None
    assert isinstance(ended, Disconnected)
    assert not ended.revoked
    assert set(shop.names.asked) == {HOST}
