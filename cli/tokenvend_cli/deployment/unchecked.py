"""Find what needs an issuer that is away: what can stay as deployed, and what stops `apply`."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend_cli.configuration.checked import CheckedFile
from tokenvend_cli.configuration.jwks_uris import PatientKeys
from tokenvend_cli.configuration.patience import PatientDiscovery
from tokenvend_cli.deployment.kinds import ItemKind, kind_of, name_of
from tokenvend_cli.problems import CommandError


@dataclass(frozen=True, slots=True)
class Unchecked:
    """One issuer that is away, and why; `pinned` and `open` are its credentials, or itself.

    Pinned ones are unchanged since the last apply, as far as the file tells. Open ones are new or
    changed, so that their definitions are not known.
    """

    issuer: str
    reason: str
    pinned: tuple[str, ...]
    open: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        return {
            "issuer": self.issuer,
            "reason": self.reason,
            "pinned": list(self.pinned),
            "open": list(self.open),
        }


def definitions_in(items: Collection[RegistryItem]) -> dict[str, CredentialDefinition]:
    """Return the deployed definitions by name, without those that cannot be parsed."""
    found = {}
    for item in items:
        if kind_of(item) is ItemKind.CREDENTIAL:
            try:
                found[name_of(item)] = parse_definition(item.document)
            except ValueError:
                continue
    return found


def jwks_uris_in(items: Collection[RegistryItem]) -> dict[str, str]:
    """The `jwks_uri` that is deployed of each trusted issuer, by its `iss`."""
    return {
        str(item.document.get("issuer")): str(item.document["jwks_uri"])
        for item in items
        if kind_of(item) is ItemKind.ISSUER and "jwks_uri" in item.document
    }


def unchecked_issuers(keys: PatientKeys, checked: CheckedFile) -> list[Unchecked]:
    """The trusted issuers whose metadata could not be read; empty where each answered.

    Only an issuer's `jwks_uri` is pinned; whatever else the file says of it can be applied.
    """
    found = []
    for name, model in checked.configuration.issuers.items():
        if model.issuer in keys.away and model.keys is None and model.jwks_uri is None:
            known = (_open_name(name),)
            pinned, waiting = (known, ()) if name in checked.jwks_uris else ((), known)
            found.append(Unchecked(model.issuer, keys.away[model.issuer], pinned, waiting))
    return found


def _open_name(issuer: str) -> str:
    """Return a name for an issuer that no credential can have: it contains a space."""
    return f"issuer {issuer}"


def unchecked_of(
    discovery: PatientDiscovery, checked: CheckedFile, deployed: Collection[RegistryItem]
) -> list[Unchecked]:
    """Return what could not be checked; empty if every issuer answered."""
    if not discovery.away:
        return []
    before = {item.key: item for item in deployed}
    pinned = {
        name_of(item)
        for item in checked.items
        if kind_of(item) is ItemKind.CREDENTIAL and before.get(item.key) == item
    }
    return [
        Unchecked(
            issuer,
            discovery.away[issuer],
            tuple(name for name in names if name in pinned),
            tuple(name for name in names if name not in pinned),
        )
        for issuer, names in discovery.unchecked(checked.configuration).items()
    ]


def plannable(
    desired: list[RegistryItem],
    deployed: Collection[RegistryItem],
    unchecked: Collection[Unchecked],
) -> list[RegistryItem]:
    """Return *desired* with unchecked credentials as they are deployed, and without new ones."""
    still_open = {name for each in unchecked for name in each.open}
    before = {item.key: item for item in deployed}
    found = []
    for item in desired:
        if _name_if_discovered(item) in still_open:
            if item.key in before:
                found.append(before[item.key])
        elif kind_of(item) is not ItemKind.GRANT or item.sk not in still_open:
            found.append(item)
        elif item.key in before:
            found.append(before[item.key])
    return found


def _name_if_discovered(item: RegistryItem) -> str | None:
    match kind_of(item):
        case ItemKind.CREDENTIAL:
            return name_of(item)
        case ItemKind.ISSUER:
            return _open_name(name_of(item))
        case _:
            return None


def refuse_unless_pinned(unchecked: Collection[Unchecked]) -> None:
    """Raise if `apply` would leave out something that is in the file.

    Raises:
        CommandError: a credential is open.
    """
    waiting = [each for each in unchecked if each.open]
    if waiting:
        names = ", ".join(name for each in waiting for name in each.open)
        issuers = ", ".join(each.issuer for each in waiting)
        raise CommandError(
            f"nothing was applied: {names} cannot be checked, because {issuers} does not answer."
            " Apply again when it answers, or take them out of the file until then"
        )
