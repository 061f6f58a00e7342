"""The items of the registry table: `tokenvend apply` builds them, vending parses them.

| pk                    | sk           | document                                         |
|-----------------------|--------------|--------------------------------------------------|
| identity              | `*`          | the caller's settings                            |
| identity              | credential   | the grant                                        |
| identity              | `!secret`    | SHA-256 of an OAuth client's secrets, at most 2  |
| identity              | `!blocked`   | who blocked it, when and why                     |
| `credential#<name>`   | `*`          | the credential's definition                      |
| `credential#<name>`   | `!blocked`   | as above                                         |
| `connection#<credential>/<name>` | `!blocked` | as above, and `owners`: the callers |
| `caller#<name>`       | `!blocked`   | a marker: identities added later are blocked too |
| `issuer#<iss>`        | `*`          | a trusted issuer, and rules from subjects to callers |
| `jwks`                | `*`          | the KMS keys whose public halves are published   |
| `meta`                | `apply`      | the revision, so that two `apply` runs cannot mix |

Names of credentials and callers cannot hold `*`, `!` or `#`. Secrets and blocks are separate
items, which `apply` never writes, so they stay through it.
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
#: In the document of a connection's block: the callers whose connections of that name it blocks.
OWNERS = "owners"
META_KEY = ("meta", "apply")
JWKS_KEY = ("jwks", SETTINGS)
SCHEMA = 1

_SECRETS = 2

type Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RegistryItem:
    """One item: its partition key, sort key and JSON document."""

    pk: str
    sk: str
    document: Document

    @property
    def key(self) -> tuple[str, str]:
        """The partition key and the sort key."""
        return self.pk, self.sk

    def to_item(self) -> Item:
        """Return the item in DynamoDB's form."""
        return {
            "pk": {"S": self.pk},
            "sk": {"S": self.sk},
            "document": {"S": json.dumps(self.document, sort_keys=True)},
            "schema": {"N": str(SCHEMA)},
        }


def registry_item_of(item: Item) -> RegistryItem | None:
    """Parse *item* from DynamoDB; `None` if its schema is unknown or its document malformed."""
    pk, sk = text_of(item, "pk"), text_of(item, "sk")
    if pk is None or sk is None or not has_known_schema(item):
        return None
    try:
        return RegistryItem(pk, sk, documents.parse(text_of(item, "document") or ""))
    except documents.MalformedDocumentError:
        return None


def has_known_schema(item: Item) -> bool:
    """Whether this version can read the documents of the version that wrote *item*."""
    return number_of(item, "schema") == SCHEMA


def credential_pk(name: str) -> str:
    """Return the partition key of a credential's definition and block."""
    return f"credential#{name}"


def issuer_pk(issuer: str) -> str:
    """Return the partition key of the issuer whose `iss` is *issuer*."""
    return f"issuer#{issuer}"


def caller_pk(name: str) -> str:
    """Return the partition key of a caller's block marker."""
    return f"caller#{name}"


def connection_block_pk(credential: str, name: str) -> str:
    """Return the partition key of the block on connections of that *name*, of all owners.

    The owner is not a part of the key, because a request may leave it out and one read must decide
    the request.
    """
    return f"connection#{credential}/{name}"


def build_caller(identity: str, caller: Caller) -> RegistryItem:
    """Build the item of *caller*'s settings, under one of its identities."""
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
    """Parse what `build_caller` built.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    return Caller(
        name=documents.text(document, "caller"),
        title=documents.optional_text(document, "title"),
        unique_id=documents.optional_text(document, "unique_id"),
        requests_per_minute=documents.optional_count(document, "requests_per_minute"),
        burst=documents.optional_count(document, "burst"),
    )


def build_grant(identity: str, grant: Grant) -> RegistryItem:
    """Build the item of *grant*, under one identity of its caller."""
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
    """Parse what `build_grant` built.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
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
    """Build the item of a client's secrets from *hashes*: `{sha256, issued_at}`, the newest last.

    Only the two newest are stored.
    """
    return RegistryItem(identity, SECRET, {"secrets": hashes[-_SECRETS:]})


def parse_client_secrets(document: Document) -> tuple[str, ...]:
    """Parse the SHA-256 of each valid secret, in hexadecimal: at most the two newest.

    Raises:
        MalformedDocumentError: an entry is not a hash.
    """
    return tuple(
        documents.sha256(entry, "sha256")
        for entry in documents.entries(document, "secrets")[-_SECRETS:]
    )


def blocked_owners(item: Item | None) -> frozenset[str]:
    """Return the owners whose connections the block *item* blocks; none if there is no block.

    A block with a malformed document, or without owners, blocks those of every owner.
    """
    if item is None:
        return frozenset()
    found = registry_item_of(item)
    try:
        owners = documents.texts(found.document if found else {}, OWNERS)
    except documents.MalformedDocumentError:
        return EVERY_OWNER
    return owners or EVERY_OWNER


def build_block(pk: str, *, reason: str, blocked_at: datetime) -> RegistryItem:
    """Build a block on everything in the partition *pk*."""
    return RegistryItem(pk, BLOCKED, {"reason": reason, "blocked_at": blocked_at.isoformat()})
