"""OAuth clients of callers, and the secrets that they were issued: at most two each."""

import hashlib
import secrets
from datetime import datetime

from tokenvend.adapters.dynamodb.registry_items import (
    SECRET,
    SETTINGS,
    Document,
    RegistryItem,
    build_client_secrets,
)
from tokenvend.domain.identity import identity_of_client
from tokenvend_cli.deployment.kinds import identities_of_caller
from tokenvend_cli.problems import CommandError

_PREFIX = "tv_"
_RANDOM_BYTES = 32
_CLIENT = identity_of_client("")

type Items = list[RegistryItem]


def make_secret() -> str:
    """Make a secret: 256 random bits, and a prefix that source code scanners recognise."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def issuing(items: Items, identity: str, value: str, *, now: datetime) -> RegistryItem:
    """Return the item to write to make *value* the client's newest secret."""
    entry = {
        "sha256": hashlib.sha256(value.encode()).hexdigest(),
        "issued_at": now.isoformat(timespec="seconds"),
    }
    return build_client_secrets(identity, [*secrets_of(items, identity), entry])


def retiring(items: Items, identity: str) -> tuple[RegistryItem, list[Document]]:
    """Return the item to write to keep only the newest secret, and the retired secret.

    Raises:
        CommandError: there is no former secret.
    """
    held = secrets_of(items, identity)
    if len(held) < 2:
        raise CommandError(f"the client {client_id_of(identity)} has no former secret")
    return build_client_secrets(identity, held[-1:]), held[:-1]


def secrets_of(items: Items, identity: str) -> list[Document]:
    """Return what is stored of a client's secrets: `{sha256, issued_at}` each, the newest last."""
    held = next((item for item in items if item.key == (identity, SECRET)), None)
    return list(held.document["secrets"]) if held else []


def is_client(identity: str) -> bool:
    """Whether the identity is an OAuth client's."""
    return identity.startswith(_CLIENT)


def client_id_of(identity: str) -> str:
    """Return the client id, without the identity's prefix."""
    return identity.removeprefix(_CLIENT)


def client_identity(items: Items, caller: str, client_id: str | None) -> str:
    """Return the identity of the caller's client; if none is named, of its only client.

    Raises:
        CommandError: there is none, or more than one.
    """
    clients = {
        client_id_of(identity): identity
        for identity in identities_of_caller(items, caller)
        if is_client(identity)
    }
    if client_id in clients:
        return clients[client_id]
    if client_id is None and len(clients) == 1:
        return next(iter(clients.values()))
    raise CommandError(_why_none(items, caller, client_id, sorted(clients)))


def _why_none(items: Items, caller: str, client_id: str | None, clients: list[str]) -> str:
    if client_id is not None and clients:
        return f"{caller} has no client {client_id}; it has {', '.join(clients)}"
    if clients:
        return f"{caller} has several clients: name one of {', '.join(clients)} with --client"
    if not any(item.sk == SETTINGS and item.document.get("caller") == caller for item in items):
        return (
            f"there is no caller {caller} in the deployment: add it to the file, then run"
            " `tokenvend apply`"
        )
    return (
        f"{caller} is no OAuth client: add `client: <an id of your choice>` to its identities"
        " in the file, then run `tokenvend apply`"
    )
