"""Name the kind and subject of a registry item, in the words of the configuration."""

from enum import StrEnum

from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    JWKS_KEY,
    SECRET,
    SETTINGS,
    RegistryItem,
)

_CREDENTIAL = "credential#"
_ISSUER = "issuer#"


class ItemKind(StrEnum):
    """The kinds in writing order: an item comes after the items that it names."""

    PUBLISHED_KEYS = "published keys"
    CREDENTIAL = "credential"
    ISSUER = "issuer"
    CALLER = "caller"
    BLOCK = "block"
    GRANT = "grant"
    CLIENT_SECRETS = "client secrets"


def kind_of(item: RegistryItem) -> ItemKind:
    """The kind of *item*."""
    if item.key == JWKS_KEY:
        return ItemKind.PUBLISHED_KEYS
    if item.sk == BLOCKED:
        return ItemKind.BLOCK
    if item.sk == SECRET:
        return ItemKind.CLIENT_SECRETS
    if item.pk.startswith(_CREDENTIAL):
        return ItemKind.CREDENTIAL
    if item.pk.startswith(_ISSUER):
        return ItemKind.ISSUER
    return ItemKind.CALLER if item.sk == SETTINGS else ItemKind.GRANT


def name_of(item: RegistryItem) -> str:
    """Return the name of *item* for a person: `sr-jobs`, `billing`, `billing -> sr-jobs`."""
    match kind_of(item):
        case ItemKind.CREDENTIAL:
            return item.pk.removeprefix(_CREDENTIAL)
        case ItemKind.ISSUER:
            return str(item.document.get("name"))
        case ItemKind.CALLER:
            return str(item.document.get("caller"))
        case ItemKind.GRANT:
            return f"{item.document.get('caller')} -> {item.sk}"
        case ItemKind.PUBLISHED_KEYS:
            return "/.well-known/jwks.json"
        case ItemKind.BLOCK | ItemKind.CLIENT_SECRETS:
            return item.pk


def identity_in(item: RegistryItem) -> str | None:
    """Return the identity in the key of a caller's or a grant's item."""
    return item.pk if kind_of(item) in {ItemKind.CALLER, ItemKind.GRANT} else None


def identities_of_caller(items: list[RegistryItem], caller: str) -> list[str]:
    """The deployed identities of *caller*."""
    return [
        item.pk
        for item in items
        if kind_of(item) is ItemKind.CALLER and item.document.get("caller") == caller
    ]


def names_of(items: list[RegistryItem], kind: ItemKind) -> list[str]:
    """The deployed credentials or callers, by name."""
    return sorted({name_of(item) for item in items if kind_of(item) is kind})
