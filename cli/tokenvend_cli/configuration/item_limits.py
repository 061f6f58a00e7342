"""Check that each compiled item is small enough for DynamoDB, and say which key makes it large."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tokenvend.adapters.dynamodb.registry_items import (
    JWKS_KEY,
    SETTINGS,
    RegistryItem,
    credential_pk,
    issuer_pk,
)
from tokenvend.domain import bounds
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.semantics import identities_of
from tokenvend_cli.item_size import item_bytes
from tokenvend_cli.problems import Problem

#: The longest partition key of DynamoDB, in bytes. Names keep sort keys far below their 1,024.
_PARTITION_KEY_BYTES = 2048
#: Where the file has a field of a compiled document, by the section; others have their own name.
_FILE_KEYS = {
    "credentials": {"assertion": "signing"},
    "grants": {"observe_scopes": "observe.scopes"},
    "providers": {"api_key_parts": "api_key", "parameters": "authorization_parameters"},
}
#: Fields of a compiled definition that come from the provider.
_OF_PROVIDER = frozenset(
    {
        *("api_key_parts", "api_request", "parameters", "scope_words", "tenant_values"),
        *("token_answer", "token_request"),
    }
)
_ADVICE = {
    "credentials": "name fewer scopes and parameters, or divide them among several credentials",
    "grants": "list fewer entries, or divide them among several callers",
    "grants.tenants": "say `all`, or divide the tenants among several callers",
    "issuers": "let fewer identities name this issuer, or use `*` in their sub and claims",
    "issuers.keys": "list fewer keys, or give jwks_uri",
    "providers": "describe less, or divide it among several providers",
}

type Key = tuple[str, str]


def item_problems(
    configuration: ConfigurationModel, items: Iterable[RegistryItem]
) -> Iterator[Problem]:
    """Return a problem for each place in the file whose compiled item DynamoDB would refuse."""
    compiled = {item.key: item for item in items}
    seen: set[str] = set()
    for key, place in _places(configuration):
        item = compiled.get(key)
        problem = _problem(item, place) if item is not None else None
        # A grant is compiled for each identity of its caller: it is one place all the same.
        if problem is not None and problem.place not in seen:
            seen.add(problem.place)
            yield problem


def _places(configuration: ConfigurationModel) -> Iterator[tuple[Key, str]]:
    """Yield the key of each item that can be large, and the place of it in the file."""
    yield JWKS_KEY, "credentials"
    for name in configuration.credentials:
        yield (credential_pk(name), SETTINGS), f"credentials.{name}"
    for name, issuer in configuration.issuers.items():
        yield (issuer_pk(issuer.issuer), SETTINGS), f"issuers.{name}"
    for name, caller in configuration.callers.items():
        for identity in identities_of(name, caller):
            yield (identity, SETTINGS), f"callers.{name}"
    for index, grant in enumerate(configuration.grants):
        for identity in identities_of(grant.caller, configuration.callers[grant.caller]):
            yield (identity, grant.credential), f"grants[{index}]"


def _problem(item: RegistryItem, place: str) -> Problem | None:
    if (length := len(item.pk.encode())) > _PARTITION_KEY_BYTES:
        return Problem(
            place,
            f"is stored under a key of {length} bytes, and DynamoDB takes"
            f" {_PARTITION_KEY_BYTES}: use a shorter identity or `iss`",
        )
    if (size := item_bytes(item)) <= bounds.REGISTRY_ITEM_BYTES:
        return None
    section, at = _largest(item, place)
    advice = _ADVICE.get(f"{section}.{at.rpartition('.')[2]}") or _ADVICE[section]
    return Problem(
        at,
        f"is too large: its item would have {size} bytes, and DynamoDB takes"
        f" {bounds.REGISTRY_ITEM_BYTES}; {advice}",
    )


def _largest(item: RegistryItem, place: str) -> tuple[str, str]:
    """Return the section and the place of what is the largest in *item*, compiled from *place*."""
    section = re.split(r"[.\[]", place)[0]
    document = item.document
    field = _largest_in(document)
    if field == "authorization":
        field = _largest_in(document[field])
    if item.key == JWKS_KEY or field == "rules":
        return section, place
    if section == "credentials" and field in _OF_PROVIDER:
        section, place = "providers", f"providers.{document['provider']}"
    return section, f"{place}.{_FILE_KEYS.get(section, {}).get(field, field)}"


def _largest_in(document: Mapping[str, Any]) -> str:
    return max(document, key=lambda name: len(json.dumps(document[name])))
