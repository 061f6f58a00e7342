"""The registry's items: built by `tokenvend apply`, parsed by vending.

| pk                    | sk           | document                                         |
|-----------------------|--------------|--------------------------------------------------|
| identity              | `*`          | the caller's settings                            |
| identity              | credential   | the grant                                        |
| identity              | `!secret`    | SHA-256 of an OAuth client's secrets, at most 2  |
| identity              | `!blocked`   | who blocked it, when and why                     |
| `credential#<name>`   | `*`          | the credential's definition                      |
| `credential#<name>`   | `!blocked`   | as above                                         |
| `caller#<name>`       | `!blocked`   | a marker: identities added later are blocked too |
| `meta`                | `apply`      | the revision, so that two applies cannot mix     |

Names of credentials and callers cannot hold `*`, `!` or `#`. Secrets and blocks are items of
their own, which `apply` never rewrites, so they survive it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tokenvend.adapters.dynamodb.attributes import Item, text_of
from tokenvend.domain.registry import (
    Caller,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
    Grant,
    Isolation,
    Observation,
    ScopeMode,
    SecretReference,
)

SETTINGS = "*"
SECRET = "!secret"
BLOCKED = "!blocked"
META_KEY = ("meta", "apply")
SCHEMA = 1

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
    """The item that DynamoDB gave, or `None` if its document is not a JSON object."""
    try:
        document = json.loads(text_of(item, "document") or "")
    except ValueError:
        return None
    pk, sk = text_of(item, "pk"), text_of(item, "sk")
    if not isinstance(document, dict) or pk is None or sk is None:
        return None
    return RegistryItem(pk, sk, document)


def credential_pk(name: str) -> str:
    """The partition of a credential's definition and block."""
    return f"credential#{name}"


def caller_pk(name: str) -> str:
    """The partition of a caller's block marker."""
    return f"caller#{name}"


def build_caller(identity: str, caller: Caller) -> RegistryItem:
    """The settings of *caller* under one of its identities."""
    document: Document = {"caller": caller.name}
    if caller.unique_id is not None:
        document["unique_id"] = caller.unique_id
    if caller.requests_per_minute is not None:
        document["requests_per_minute"] = caller.requests_per_minute
    return RegistryItem(identity, SETTINGS, document)


def parse_caller(document: Mapping[str, Any]) -> Caller:
    """The reverse of `build_caller`."""
    return Caller(
        name=document["caller"],
        unique_id=document.get("unique_id"),
        requests_per_minute=document.get("requests_per_minute"),
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
        "full_access": grant.full_access,
        "accept_less": grant.accept_less,
        "isolation": grant.isolation.value,
    }
    if grant.default_scopes is not None:
        document["default_scopes"] = sorted(grant.default_scopes)
    if grant.observation is not None:
        document["observe_scopes"] = sorted(grant.observation.scopes)
        document["observe_until"] = grant.observation.until.isoformat()
    return RegistryItem(identity, grant.credential, document)


def parse_grant(document: Mapping[str, Any]) -> Grant:
    """The reverse of `build_grant`."""
    defaults = document.get("default_scopes")
    return Grant(
        caller=document["caller"],
        credential=document["credential"],
        scopes=frozenset(document["scopes"]),
        default_scopes=None if defaults is None else frozenset(defaults),
        audiences=frozenset(document["audiences"]),
        resources=frozenset(document["resources"]),
        tenants=frozenset(document["tenants"]),
        full_access=document["full_access"],
        accept_less=document["accept_less"],
        isolation=Isolation(document["isolation"]),
        observation=_parse_observation(document),
    )


def _parse_observation(document: Mapping[str, Any]) -> Observation | None:
    if "observe_until" not in document:
        return None
    return Observation(
        scopes=frozenset(document["observe_scopes"]),
        until=datetime.fromisoformat(document["observe_until"]),
    )


def build_definition(definition: CredentialDefinition) -> RegistryItem:
    """*definition*, once, whoever is granted it."""
    document: Document = {
        "name": definition.name,
        "provider": definition.provider,
        "kind": definition.kind.value,
        "token_endpoint": definition.token_endpoint,
        "client_authentication": definition.client_authentication.value,
        "client_id": definition.client_id,
        "scopes": sorted(definition.scopes),
        "scope_mode": definition.scope_mode.value,
        "scope_separator": definition.scope_separator,
        "scope_parameter": definition.scope_parameter,
        "extra_parameters": dict(definition.extra_parameters),
        "revocation_endpoint": definition.revocation_endpoint,
        "family": definition.family,
        "single_active_token": definition.single_active_token,
        "default_lifetime_seconds": definition.default_lifetime_seconds,
    }
    if definition.secret is not None:
        document["secret"] = {
            "arn": definition.secret.arn,
            "client_id_key": definition.secret.client_id_key,
            "client_secret_key": definition.secret.client_secret_key,
        }
    return RegistryItem(credential_pk(definition.name), SETTINGS, document)


def parse_definition(document: Mapping[str, Any]) -> CredentialDefinition:
    """The reverse of `build_definition`."""
    secret = document.get("secret")
    return CredentialDefinition(
        name=document["name"],
        provider=document["provider"],
        kind=CredentialKind(document["kind"]),
        token_endpoint=document["token_endpoint"],
        client_authentication=ClientAuthentication(document["client_authentication"]),
        client_id=document["client_id"],
        scopes=frozenset(document["scopes"]),
        scope_mode=ScopeMode(document["scope_mode"]),
        scope_separator=document["scope_separator"],
        scope_parameter=document["scope_parameter"],
        extra_parameters=document["extra_parameters"],
        revocation_endpoint=document["revocation_endpoint"],
        family=document["family"],
        single_active_token=document["single_active_token"],
        default_lifetime_seconds=document["default_lifetime_seconds"],
        secret=SecretReference(**secret) if secret else None,
    )


def build_client_secrets(identity: str, hashes: list[Document]) -> RegistryItem:
    """The hashes of a client's valid secrets: `{sha256, issued_at}` each, the newest last."""
    return RegistryItem(identity, SECRET, {"secrets": hashes[-2:]})


def parse_client_secrets(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The SHA-256 of each valid secret, in hexadecimal."""
    return tuple(str(entry["sha256"]) for entry in document["secrets"])


def build_block(pk: str, *, reason: str, blocked_at: datetime) -> RegistryItem:
    """A kill switch on everything in the partition *pk*."""
    return RegistryItem(pk, BLOCKED, {"reason": reason, "blocked_at": blocked_at.isoformat()})
