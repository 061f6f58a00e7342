"""The npm `oidc-provider` (tests/node), as a provider that nobody here wrote."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tokenvend.adapters.signing.jwk import public_jwk, thumbprint
from tokenvend_local import places, processes

FOLDER = places.ROOT / "tests" / "node"
SCOPES = ("orders.read", "orders.write")
#: What a user is asked for.
USER_SCOPES = ("openid", "offline_access")
#: A resource indicator (RFC 8707), and the scopes of the API behind it.
RESOURCE = "https://orders.example"
_READY_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class NodeClient:
    """A client of the provider, for one of the client authentications.

    `private_key` is its PEM text where it signs with a key of its own.
    """

    client_id: str
    method: str
    client_secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NodeProvider:
    """A running one. Each of its clients may have all of `SCOPES`.

    `signing` signs with a private key that it has; the provider looks the keys of `published` up
    at `/.well-known/jwks.json`.
    """

    issuer: str
    basic: NodeClient
    post: NodeClient
    signing: NodeClient
    published: NodeClient
    log: Path
    consents: NodeClient

    def exchanges(self, client_id: str | None = None) -> list[dict[str, Any]]:
        """The token requests so far: `client_id`, `status`, `error`, `at` of each."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]
        found = [line for line in lines if "status" in line]
        return [line for line in found if client_id in {None, line["client_id"]}]


def _client(method: str) -> NodeClient:
    return NodeClient(f"orders-{method.rpartition('_')[2]}", method, secrets.token_urlsafe(32))


def _settings_of(client: NodeClient, more: dict[str, Any]) -> dict[str, Any]:
    secret = {"client_secret": client.client_secret} if client.client_secret else {}
    known = {"client_id": client.client_id, "method": client.method, "scope": " ".join(SCOPES)}
    return known | secret | more


@contextmanager
def node_provider_running(
    log: Path, *, jwks_uri: str, redirect_uris: Sequence[str] = ()
) -> Iterator[NodeProvider]:
    """Run it with its clients until the end of the block; *jwks_uri* is for `published`.

    With *redirect_uris* there are users, who consent to `consents`.

    Raises:
        LocalStackError: it did not come up; `make test` installs it.
    """
    port = processes.free_port()
    basic, post = _client("client_secret_basic"), _client("client_secret_post")
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signing = NodeClient("orders-signing", "private_key_jwt", private_key=pem)
    published = NodeClient("orders-published", "private_key_jwt")
    public = public_jwk(pair.public_key())
    jwks = {"keys": [public | {"kid": thumbprint(public)}]}
    settings: dict[str, Any] = {
        "port": port,
        "scopes": [*SCOPES],
        "resources": {RESOURCE: " ".join(SCOPES)},
        "clients": [
            _settings_of(basic, {}),
            _settings_of(post, {}),
            _settings_of(signing, {"algorithm": "PS256", "jwks": jwks}),
            _settings_of(published, {"algorithm": "ES256", "jwks_uri": jwks_uri}),
        ],
    }
    consents = NodeClient("orders-users", "client_secret_basic", secrets.token_urlsafe(32))
    if redirect_uris:
        for_users = {"scope": " ".join(USER_SCOPES), "redirect_uris": list(redirect_uris)}
        settings["clients"].append(_settings_of(consents, for_users))
        settings["scopes"] = [*SCOPES, *USER_SCOPES]
    process = processes.start(
        "oidc-provider",
        [shutil.which("node") or "node", str(FOLDER / "server.mjs")],
        environ=places.environment({"OIDC_PROVIDER": json.dumps(settings)}, inherited=os.environ),
        log=log,
    )
    try:
        processes.wait_until(
            process,
            lambda: '{"issuer"' in log.read_text(),
            within_seconds=_READY_SECONDS,
            log=log,
        )
        issuer = f"http://127.0.0.1:{port}"
        yield NodeProvider(issuer, basic, post, signing, published, log, consents)
    finally:
        processes.stop(process)
