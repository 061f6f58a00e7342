"""Compare the file with what is deployed, and apply the difference."""

from dataclasses import dataclass
from pathlib import Path

from tokenvend_cli.configuration.checked import CheckedFile, check_file
from tokenvend_cli.configuration.discovery import discover
from tokenvend_cli.configuration.jwks_uris import PatientKeys, discover_jwks_uri
from tokenvend_cli.configuration.patience import PatientDiscovery
from tokenvend_cli.deployment.aliases import AliasChange, Aliases, RefusedAlias
from tokenvend_cli.deployment.changes import (
    Change,
    ChangeAction,
    changes_between,
    without_grants_of,
)
from tokenvend_cli.deployment.registry_table import RegistryTable, Writes
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.deployment.unchecked import (
    Unchecked,
    definitions_in,
    jwks_uris_in,
    plannable,
    unchecked_issuers,
    unchecked_of,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that `apply` would make to one revision of the deployment."""

    checked: CheckedFile
    changes: list[Change]
    revision: int
    aliases: list[AliasChange]
    table: RegistryTable
    alias_table: Aliases
    unchecked: list[Unchecked]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to apply."""
        return not self.changes and not self.aliases

    def carry_out(self) -> list[RefusedAlias]:
        """Apply the plan. New aliases are protected before the registry names their callers.

        Returns the aliases whose policy Lambda refused. For their callers, only changes that
        take something away were written.

        Raises:
            ChangedMeanwhileError: somebody else changed the registry; nothing was written to it.
        """
        refused = self.alias_table.make_ready(self.aliases)
        changes = without_grants_of(self.changes, {each.identity for each in refused})
        gone = [change.item for change in changes if change.action is ChangeAction.REMOVE]
        put = [change.item for change in changes if change.action is not ChangeAction.REMOVE]
        self.table.write(Writes(put=put, delete=gone), revision=self.revision)
        self.alias_table.remove(self.aliases)
        return refused


def make_plan(deployment: Deployment, table: RegistryTable, file: Path) -> Plan:
    """Return what `apply` would change in *deployment*, whose registry is *table*.

    Raises:
        ConfigurationError: the file cannot be applied.
    """
    registry, aliases = table.read(), Aliases(deployment)
    discovery = PatientDiscovery(discover, definitions_in(registry.items))
    keys = PatientKeys(discover_jwks_uri, jwks_uris_in(registry.items))
    checked = check_file(
        file,
        discovery.choose,
        local_stack=deployment.is_local_stack,
        find_keys=keys.find,
        deployment_url=deployment.output("VendingApiUrl"),
    )
    unchecked = [
        *unchecked_of(discovery, checked, registry.items),
        *unchecked_issuers(keys, checked),
    ]
    return Plan(
        checked,
        changes_between(registry.items, plannable(checked.items, registry.items, unchecked)),
        registry.revision,
        aliases.changes(checked.configuration),
        table,
        aliases,
        unchecked,
    )
