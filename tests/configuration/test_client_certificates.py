"""Clients that prove themselves in TLS (RFC 8705 §2.1): from the file to the token."""

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from tests.adapters.servers import Call, Server, self_signed
from tests.configuration.described import TOKEN, ReceivedRequest, definition_of, vend
from tests.configuration.samples import FIXED, problems_in

from tokenvend.adapters.client_certificate import certificate_file
from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import ClientCertificate
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_fields import secret_fields
from tokenvend_cli.configuration.discovery import discover
from tokenvend_cli.problems import CommandError

BY_TLS: dict[str, Any] = {"client_authentication": "tls_client_auth"}
_ANSWER = str(TOKEN).replace("'", '"').encode()


@dataclass
class Client:
    """A client's certificate and key, each in a file."""

    folder: Path
    certificate_file: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        _, self.certificate_file = self_signed(self.folder)

    @property
    def certificate(self) -> str:
        return self.certificate_file.read_text()

    @property
    def private_key(self) -> str:
        return (self.folder / "key.pem").read_text()

    @property
    def secret(self) -> dict[str, str]:
        pair = {"certificate": self.certificate, "private_key": self.private_key}
        return {"client_id": "id"} | pair


@dataclass
class MutualTls:
    """A token endpoint that takes one client's certificate, and keeps whose it saw."""

    server: Server
    ca_file: Path
    seen: list[bytes]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path / "client")


@pytest.fixture
def endpoint(tmp_path: Path, client: Client) -> Iterator[MutualTls]:
    def script(call: Call) -> None:
        assert isinstance(call.connection, ssl.SSLSocket)
        seen.append(call.connection.getpeercert(binary_form=True) or b"")
        call.answer("HTTP/1.1 200 OK", f"Content-Length: {len(_ANSWER)}", body=_ANSWER)

    seen: list[bytes] = []
    context, ca_file = self_signed(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client.certificate_file)
    server = Server(script, context=context)
    with server.running():
        yield MutualTls(server, ca_file, seen)


def _vend(endpoint: MutualTls, secret: dict[str, str]) -> str:
    provider = BY_TLS | {"token_endpoint": endpoint.server.url("https")}
    return vend(provider, secret, ca_file=endpoint.ca_file).access_token.reveal()


def test_certificate_in_the_secret_proves_the_client(endpoint: MutualTls, client: Client) -> None:
    assert _vend(endpoint, client.secret) == "T"

    asked = ReceivedRequest.of(endpoint.server.requests[-1])
    assert asked.form == {"grant_type": "client_credentials", "client_id": "id"}
    assert "authorization" not in asked.headers
    [certificate] = x509.load_pem_x509_certificates(client.certificate.encode())
    assert endpoint.seen == [certificate.public_bytes(Encoding.DER)]


def test_nothing_of_the_key_stays_behind(endpoint: MutualTls, client: Client) -> None:
    pair = ClientCertificate(Secret(client.certificate), Secret(client.private_key))
    with certificate_file(pair):
        during = _files_in_memory()

    _vend(endpoint, client.secret)

    assert (during, _files_in_memory()) == (1, 0)


def _files_in_memory() -> int:
    links = (each for each in Path("/proc/self/fd").iterdir() if each.is_symlink())
    return sum("client-certificate" in str(each.readlink()) for each in links)


def test_another_certificate_is_refused_by_the_endpoint(
    endpoint: MutualTls, tmp_path: Path
) -> None:
    with pytest.raises(TemporarilyUnavailableError):
        _vend(endpoint, Client(tmp_path / "other").secret)

    assert endpoint.seen == []


def _with_password(text: str) -> str:
    key: Any = load_pem_private_key(text.encode(), password=None)
    how = BestAvailableEncryption(b"a-password")
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode())


@pytest.mark.parametrize("fault", ["another key", "a password", "no PEM", "no certificate"])
def test_pair_that_does_not_fit_is_refused_before_anything_is_sent(
    endpoint: MutualTls, client: Client, tmp_path: Path, fault: str
) -> None:
    changed = {
        "another key": {"private_key": Client(tmp_path / "other").private_key},
        "a password": {"private_key": _with_password(client.private_key)},
        "no PEM": {"private_key": "hunter2"},
        "no certificate": {"certificate": client.private_key},
    }[fault]

    with pytest.raises(CredentialNotReadyError, match="no pair of PEM texts") as caught:
        _vend(endpoint, client.secret | changed)

    assert caught.value.rule == "secret.unusable"
    assert caught.value.__context__ is None
    assert endpoint.server.requests == []


def test_certificate_is_not_shown_over_plain_http(client: Client) -> None:
    server = Server(lambda call: call.answer("HTTP/1.1 200 OK", "Content-Length: 0"))
    with server.running(), pytest.raises(TemporarilyUnavailableError):
        vend(BY_TLS | {"token_endpoint": server.url()}, client.secret)

    assert server.requests == []


def test_system_without_files_in_memory_has_one_that_only_its_owner_reads(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    pair = ClientCertificate(Secret(client.certificate), Secret(client.private_key))

    with certificate_file(pair) as path:
        mode = Path(path).stat().st_mode & 0o777
        ssl.create_default_context().load_cert_chain(path)

    assert mode == 0o600
    assert not Path(path).exists()


def test_secret_has_client_certificate_and_key() -> None:
    fields = secret_fields(definition_of(FIXED | BY_TLS, {}))

    assert fields == ("client_id", "certificate", "private_key")


def test_certificate_in_a_parameter_is_refused_by_validate() -> None:
    described = {"parameters": {"cert": "{secret.certificate}"}}

    [problem] = problems_in({"providers": {"acme": FIXED | BY_TLS | {"token_request": described}}})

    assert "a certificate is never sent" in problem


@pytest.mark.parametrize("method", ["tls_client_auth", "none"])
def test_issuer_that_announces_only_this_is_not_guessed_at(method: str) -> None:
    issuer = "https://login.acme.example"
    metadata = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "token_endpoint_auth_methods_supported": [method],
    }

    with pytest.raises(CommandError, match="it takes none of client_secret_basic"):
        discover(issuer, lambda _: metadata)
