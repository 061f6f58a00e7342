"""The npm `oidc-provider` over TLS: clients by certificate, and tokens for signed assertions.

From the file's text to the token, with the real adapters. What else it shows stands in
`tests/local_stack/test_signing.py`, with the functions in their workers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.adapters.servers import self_signed
from tests.configuration.described import vend
from tests.fakes.clock import FakeClock
from tests.system.real_providers import RunningProvider, oidc_provider

from tokenvend.adapters.signing.jwk import public_jwk, thumbprint
from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.token import AccessToken

#: The subject of every certificate that `self_signed` makes.
SUBJECT = "CN=a test"
ASSERTS: dict[str, Any] = {"assertion": {}}


@dataclass(frozen=True)
class Pair:
    """A client's certificate and key, as PEM."""

    certificate: str
    private_key: str
    jwk: dict[str, str]

    def secret(self, client_id: str) -> dict[str, str]:
        """What a credential of this client keeps."""
        pair = {"certificate": self.certificate, "private_key": self.private_key}
        return {"client_id": client_id} | pair


@dataclass(frozen=True)
class Harness:
    """A provider, whom it trusts, and how it is trusted."""

    provider: RunningProvider
    ca_file: Path
    trusted: Pair


def new_pair(folder: Path) -> Pair:
    folder.mkdir()
    _, certificate = self_signed(folder)
    pem = (folder / "key.pem").read_text()
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    jwk = public_jwk(key.public_key())
    return Pair(certificate.read_text(), pem, jwk | {"alg": "ES256", "kid": thumbprint(jwk)})


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    folder = tmp_path_factory.mktemp("provider")
    trusted = new_pair(folder / "client")
    (folder / "server").mkdir()
    _, ca_file = self_signed(folder / "server")
    tls = {
        "key": (folder / "server" / "key.pem").read_text(),
        "cert": ca_file.read_text(),
        "ca": trusted.certificate,
    }
    by_certificate: dict[str, Any] = {
        "method": "tls_client_auth",
        "tls_client_auth_subject_dn": SUBJECT,
        "scope": "read write",
    }
    clients = [
        by_certificate | {"client_id": "plain"},
        by_certificate | {"client_id": "asserting", "assertion_jwk": trusted.jwk},
        by_certificate | {"client_id": "other", "tls_client_auth_subject_dn": "CN=another"},
    ]
    with oidc_provider(folder, tls=tls, clients=clients) as running:
        yield Harness(running, ca_file, trusted)


def vended(harness: Harness, client_id: str, pair: Pair, **described: Any) -> AccessToken:
    """A token for the client *client_id*, by what *pair* holds."""
    provider = {
        "token_endpoint": f"{harness.provider.url}/token",
        "client_authentication": "tls_client_auth",
        **described,
    }
    more: dict[str, Any] = {"signing": {"algorithm": "ES256"}} if described else {}
    return vend(
        provider,
        pair.secret(client_id),
        ca_file=harness.ca_file,
        # The provider's own clock judges the times of an assertion.
        clock=FakeClock(datetime.now(UTC)),
        scopes=["read", "write"],
        scope_parameter=True,
        **more,
    )


def test_certificate_in_the_secret_proves_the_client(harness: Harness) -> None:
    token = vended(harness, "plain", harness.trusted)

    assert token.scopes == {"read", "write"}
    assert token.stated_lifetime.total_seconds() == 600


@pytest.mark.parametrize("client_id", ["plain", "asserting"])
def test_certificate_that_nobody_vouches_for_proves_nothing(
    harness: Harness, tmp_path: Path, client_id: str
) -> None:
    stranger = new_pair(tmp_path / "stranger")

    with pytest.raises(ProviderRefusedError) as caught:
        vended(harness, client_id, stranger)

    assert caught.value.provider_error == "invalid_client"


def test_certificate_of_another_subject_proves_nothing(harness: Harness) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        vended(harness, "other", harness.trusted)

    assert caught.value.provider_error == "invalid_client"


def test_signed_assertion_is_what_a_token_is_given_for(harness: Harness) -> None:
    """By a client that its certificate proves, at once (RFC 7523 section 2.1)."""
    token = vended(harness, "asserting", harness.trusted, token_request=ASSERTS)

    assert token.scopes == {"read", "write"}
    assert token.stated_lifetime.total_seconds() == 600


def test_assertion_for_somebody_else_is_refused(harness: Harness) -> None:
    elsewhere = {"assertion": {"audience": "https://elsewhere.example/token"}}

    with pytest.raises(ProviderRefusedError) as caught:
        vended(harness, "asserting", harness.trusted, token_request=elsewhere)

    assert caught.value.provider_error == "invalid_grant"
