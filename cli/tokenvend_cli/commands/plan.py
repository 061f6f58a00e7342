"""`validate`, `plan`, `apply`, `schema`: from the file to what is deployed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend_cli.commands.context import (
    DIFFERENCES,
    AsJson,
    File,
    deployment_of,
    err,
    out,
    print_json,
    registry_of,
    told,
)
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.load import load_configuration
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import Provider, fetch_metadata, resolve_provider
from tokenvend_cli.configuration.semantics import notices_of, problems_of
from tokenvend_cli.deployment.aliases import AliasChange, Aliases
from tokenvend_cli.deployment.registry_table import Changes, changes_between
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import ConfigurationError

DEFAULT_FILE = Path("tokenvend.yaml")


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` would do."""

    configuration: ConfigurationModel
    providers: dict[str, Provider]
    deployed: list[RegistryItem]
    changes: Changes
    aliases: list[AliasChange]

    def __bool__(self) -> bool:
        return bool(self.changes or self.aliases)

    def to_dict(self) -> dict[str, Any]:
        """The plan for a program to read."""
        return {
            "added": [_name(item) for item in self.changes.added],
            "changed": [_name(item) for item in self.changes.changed],
            "removed": [_name(item) for item in self.changes.removed],
            "aliases": [f"{change.action} {change.alias}" for change in self.aliases],
            "token_endpoints": {
                name: provider.token_endpoint for name, provider in self.providers.items()
            },
            "notices": notices_of(self.configuration),
        }


def checked(path: Path, *, local_stack: bool) -> tuple[ConfigurationModel, dict[str, Provider]]:
    """The file with its providers found, if nothing in it needs mending.

    Raises:
        ConfigurationError: with every problem.
    """
    configuration = load_configuration(path)
    providers = {
        name: resolve_provider(model, fetch_metadata)
        for name, model in configuration.providers.items()
    }
    problems = problems_of(configuration, providers, now=datetime.now(UTC), local_stack=local_stack)
    if problems:
        raise ConfigurationError(problems)
    return configuration, providers


def make_plan(deployment: Deployment, path: Path) -> Plan:
    """Compare the file at *path* with what is deployed."""
    configuration, providers = checked(path, local_stack=deployment.is_local_stack)
    deployed = registry_of(deployment).items()
    return Plan(
        configuration,
        providers,
        deployed,
        changes_between(deployed, compile_registry(configuration, providers)),
        Aliases(deployment).changes(configuration),
    )


@told
def validate(
    file: File = DEFAULT_FILE,
    *,
    local_stack: Annotated[
        bool, typer.Option(help="Admit providers at http on the loopback interface.")
    ] = False,
) -> None:
    """Check the file alone; nothing that is deployed is looked at.

    Example: tokenvend validate -f tokenvend.yaml
    """
    configuration, _ = checked(file, local_stack=local_stack)
    for notice in notices_of(configuration):
        err.print(f"note: {notice}", markup=False)
    counts = f"{len(configuration.callers)} callers, {len(configuration.credentials)} credentials"
    out.print(f"{file} is well-formed: {counts}, {len(configuration.grants)} grants")


@told
def plan(
    context: typer.Context,
    file: File = DEFAULT_FILE,
    *,
    as_json: AsJson = False,
    detailed_exit_code: Annotated[
        bool, typer.Option(help=f"Exit with {DIFFERENCES} if there is anything to apply.")
    ] = False,
) -> None:
    """Show what `apply` would change, and change nothing.

    Example: tokenvend plan --detailed-exit-code
    """
    found = make_plan(deployment_of(context), file)
    _show(found, as_json=as_json)
    if detailed_exit_code and found:
        raise typer.Exit(DIFFERENCES)


@told
def apply(
    context: typer.Context,
    file: File = DEFAULT_FILE,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make what is deployed say what the file says. Applying twice changes nothing.

    Blocks and client secrets are left as they are.

    Example: tokenvend apply --yes
    """
    deployment = deployment_of(context)
    found = make_plan(deployment, file)
    _show(found, as_json=as_json)
    if not found:
        return
    if not yes:
        typer.confirm("Apply this?", abort=True)
    if found.changes:
        registry_of(deployment).apply(found.changes, found.deployed)
    Aliases(deployment).apply(found.aliases, found.configuration)
    if not as_json:
        out.print("[green]Applied.[/]")


def schema() -> None:
    """Print the JSON Schema of the file, for an editor.

    Example: tokenvend schema > tokenvend.schema.json
    """
    print_json(ConfigurationModel.model_json_schema())


def _show(found: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(found.to_dict())
        return
    for notice in notices_of(found.configuration):
        err.print(f"note: {notice}", markup=False)
    for name, provider in found.providers.items():
        out.print(f"  provider {name}: {provider.token_endpoint}", markup=False, highlight=False)
    groups = [
        ("+", found.changes.added),
        ("~", found.changes.changed),
        ("-", found.changes.removed),
    ]
    for sign, items in groups:
        for item in items:
            out.print(f"  {sign} {_name(item)}", markup=False, highlight=False)
    for change in found.aliases:
        out.print(f"  {change.action} alias {change.alias}", markup=False, highlight=False)
    if not found:
        out.print("Nothing to change.")


def _name(item: RegistryItem) -> str:
    if item.pk.startswith("credential#"):
        return f"credential {item.pk.partition('#')[2]}"
    if item.sk == "*":
        return f"caller {item.document.get('caller')}: {item.pk}"
    if item.sk == "!secret":
        return f"client secrets of {item.pk}"
    return f"grant {item.document.get('caller')} -> {item.sk}: {item.pk}"
