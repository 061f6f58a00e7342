"""The registry's items: built by `tokenvend apply`, parsed by vending.

| pk                    | sk           | document                                         |
|-----------------------|--------------|--------------------------------------------------|
| identity              | `*`          | the caller's settings                            |
| identity              | credential   | the grant                                        |
| identity              | `!secret`    | SHA-256 of an OAuth client's secrets, at most 2  |
| identity              | `!blocked`   | who blocked it, when and why                     |
| `credential#<name>`   | `*`          | the credential's definition                      |
| `credential#<name>`   | `!blocked`   | as above                                         |
| `connection#<credential>/<name>` | `!blocked` | as above, and whose (`owners`)      |
| `caller#<name>`       | `!blocked`   | a marker: identities added later are blocked too |
| `issuer#<iss>`        | `*`          | an issuer of subject tokens, and who is which caller |
| `jwks`                | `*`          | the KMS keys whose public halves are published   |
| `meta`                | `apply`      | the revision, so that two applies cannot mix     |

Names of credentials and callers cannot hold `*`, `!` or `#`. Secrets and blocks are items of
their own, which `apply` never rewrites, so they survive it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.attributes import Item, number_of, text_of
from tokenvend.domain.registry import (
    EVERY_OWNER,
    OWN_CONNECTIONS,
    Caller,
    Grant,
    Isolation,
    Observation,
)

SETTINGS = "*"
SECRET = "!secret"
BLOCKED = "!blocked"
#: In the document of a connection's block: the callers whose connection of that name it is on.
OWNERS = "owners"
META_KEY = ("meta", "apply")
JWKS_KEY = ("jwks", SETTINGS)
SCHEMA = 1

_SECRETS = 2

type Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RegistryItem:
    """One item: its two keys and its JSON document."""

    pk: str
    sk: str
    document: Document

    @property
    def key(self) -> tuple[str, str]:
        """Both keys."""
        return self.pk, self.sk

    def to_item(self) -> Item:
        """The item as DynamoDB wants it."""
        return {
            "pk": {"S": self.pk},
            "sk": {"S": self.sk},
            "document": {"S": json.dumps(self.document, sort_keys=True)},
            "schema": {"N": str(SCHEMA)},
        }


def registry_item_of(item: Item) -> RegistryItem | None:
    """The item that DynamoDB gave, or `None` if its document is not a JSON object of ours."""
    pk, sk = text_of(item, "pk"), text_of(item, "sk")
    if pk is None or sk is None or not has_known_schema(item):
        return None
    try:
        return RegistryItem(pk, sk, documents.parse(text_of(item, "document") or ""))
    except documents.MalformedDocumentError:
        return None


def has_known_schema(item: Item) -> bool:
    """Whether *item* was written by a version whose documents this one understands."""
    return number_of(item, "schema") == SCHEMA


def credential_pk(name: str) -> str:
    """The partition of a credential's definition and block."""
    return f"credential#{name}"


def issuer_pk(issuer: str) -> str:
    """The partition of the issuer whose `iss` is *issuer*."""
    return f"issuer#{issuer}"


def caller_pk(name: str) -> str:
    """The partition of a caller's block marker."""
    return f"caller#{name}"


def connection_block_pk(credential: str, name: str) -> str:
    """The partition of the blocks of connections of that *name*, whoever owns them.

    A request may leave its owner out, and one read has to decide it.
    """
    return f"connection#{credential}/{name}"


def build_caller(identity: str, caller: Caller) -> RegistryItem:
    """The settings of *caller* under one of its identities."""
    document: Document = {"caller": caller.name}
    if caller.title is not None:
        document["title"] = caller.title
    if caller.unique_id is not None:
        document["unique_id"] = caller.unique_id
    if caller.requests_per_minute is not None:
        document["requests_per_minute"] = caller.requests_per_minute
    if caller.burst is not None:
        document["burst"] = caller.burst
    return RegistryItem(identity, SETTINGS, document)


def parse_caller(document: Document) -> Caller:
    """The reverse of `build_caller`.

    Raises:
        MalformedDocumentError: a field that is needed is missing or of another kind.
    """
    return Caller(
        name=documents.text(document, "caller"),
        title=documents.optional_text(document, "title"),
        unique_id=documents.optional_text(document, "unique_id"),
        requests_per_minute=documents.optional_count(document, "requests_per_minute"),
        burst=documents.optional_count(document, "burst"),
    )


def build_grant(identity: str, grant: Grant) -> RegistryItem:
    """*grant* under one identity of its caller."""
    document: Document = {
        "caller": grant.caller,
        "credential": grant.credential,
        "scopes": sorted(grant.scopes),
        "audiences": sorted(grant.audiences),
        "resources": sorted(grant.resources),
        "tenants": sorted(grant.tenants),
        "connections": sorted(grant.connections),
        "return_urls": sorted(grant.return_urls),
        "full_access": grant.full_access,
        "accept_less": grant.accept_less,
        "isolation": grant.isolation.value,
    }
    if grant.default_scopes is not None:
        document["default_scopes"] = sorted(grant.default_scopes)
    if grant.users:
        document["users"] = dict(grant.users)
    if grant.observation is not None:
        document["observe_scopes"] = sorted(grant.observation.scopes)
        document["observe_until"] = grant.observation.until.isoformat()
    return RegistryItem(identity, grant.credential, document)


def parse_grant(document: Document) -> Grant:
    """The reverse of `build_grant`.

    Raises:
        MalformedDocumentError: a field that is needed is missing or of another kind.
    """
    connections = documents.optional_texts(document, "connections")
    return Grant(
        caller=documents.text(document, "caller"),
        credential=documents.text(document, "credential"),
        scopes=documents.texts(document, "scopes"),
        default_scopes=documents.optional_texts(document, "default_scopes"),
        audiences=documents.texts(document, "audiences"),
        resources=documents.texts(document, "resources"),
        tenants=documents.texts(document, "tenants"),
        connections=OWN_CONNECTIONS if connections is None else connections,
        users=_parse_users(document),
        return_urls=documents.optional_texts(document, "return_urls") or frozenset(),
        full_access=documents.flag(document, "full_access"),
        accept_less=documents.flag(document, "accept_less"),
        isolation=Isolation(documents.text(document, "isolation")),
        observation=_parse_observation(document),
    )


def _parse_users(document: Document) -> dict[str, str | None]:
    users = documents.optional_mapping(document, "users")
    return {issuer: documents.optional_text(users, issuer) for issuer in users}


def _parse_observation(document: Document) -> Observation | None:
    if "observe_until" not in document:
        return None
    return Observation(
        scopes=documents.texts(document, "observe_scopes"),
        until=documents.instant(document, "observe_until"),
    )


def build_client_secrets(identity: str, hashes: list[Document]) -> RegistryItem:
    """The hashes of a client's valid secrets: `{sha256, issued_at}` each, the newest last."""
    return RegistryItem(identity, SECRET, {"secrets": hashes[-_SECRETS:]})


def parse_client_secrets(document: Document) -> tuple[str, ...]:
    """The SHA-256 of each valid secret, in hexadecimal: the two newest at most.

    Raises:
        MalformedDocumentError: it holds something else than hashes.
    """
    return tuple(
        documents.sha256(entry, "sha256")
        for entry in documents.entries(document, "secrets")[-_SECRETS:]
    )


def blocked_owners(item: Item | None) -> frozenset[str]:
    """Whose connections the block *item* stops. A block counts whatever its document says."""
    if item is None:
        return frozenset()
    found = registry_item_of(item)
    try:
        owners = documents.texts(found.document if found else {}, OWNERS)
    except documents.MalformedDocumentError:
        return EVERY_OWNER
    return owners or EVERY_OWNER


def build_block(pk: str, *, reason: str, blocked_at: datetime) -> RegistryItem:
    """A kill switch on everything in the partition *pk*."""
    return RegistryItem(pk, BLOCKED, {"reason": reason, "blocked_at": blocked_at.isoformat()})
