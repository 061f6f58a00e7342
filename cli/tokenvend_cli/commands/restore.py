"""`restore`: bring back client secrets, blocks and consents from a table of any name."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from tokenvend.domain.connection import Connection
from tokenvend.domain.untrusted import Distrust
from tokenvend_cli.commands.context import (
    deployment_of,
    exits_on_error,
    is_terminal,
    note,
    registry_of,
    say,
    show,
)
from tokenvend_cli.commands.tables import table
from tokenvend_cli.deployment.connection_records import DeployedConnections
from tokenvend_cli.deployment.registry_table import Registry, RegistryTable, Writes
from tokenvend_cli.deployment.restoring import (
    ConnectionStep,
    RestoreAction,
    RestoreStep,
    plan_connections,
    plan_registry,
)
from tokenvend_cli.problems import CommandError, UsageError

app = typer.Typer(
    help="Bring back client secrets, blocks and connections from a restored table.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="TABLE",
        help="The table that you restored, or that the deleted stack left.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done. Change nothing.")]


@app.command("registry")
@exits_on_error
def restore_registry(
    context: typer.Context, source: From, *, yes: Yes = False, dry_run: DryRun = False
) -> None:
    """Bring back client secrets and blocks after a loss: the file does not hold them.

    A client that has secrets now keeps them, and no block is lifted. Callers, grants and
    credentials come from the file: run `tokenvend apply` afterwards.

    Example: tokenvend restore registry --from tokenvend-restored
    """
    deployment = deployment_of(context)
    registry = registry_of(deployment)
    backup = RegistryTable(deployment.client("dynamodb"), source).read()
    _check_same_deployment(backup, deployment.output("DeploymentId"))
    steps = list(plan_registry(registry.read().items, backup.items))
    if not _agreed(steps, yes=yes, dry_run=dry_run):
        return

    def decide(current: Registry) -> Writes:
        planned = plan_registry(current.items, backup.items)
        return Writes(put=[step.item for step in planned if step.item is not None])

    registry.update(decide)
    say(
        "Restored. Now run `tokenvend apply`: it writes callers, grants and credentials.",
        style="green",
    )


@app.command("connections")
@exits_on_error
def restore_connections(
    context: typer.Context,
    source: From,
    *,
    key: Annotated[
        str | None,
        typer.Option(help="ARN of the KMS key of the deployment that wrote the table."),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Bring back users' connections after a loss. A connection that is newer now is kept.

    Each is encrypted again, under this deployment's key. If a run is interrupted, run it again.

    Example: tokenvend restore connections --from tokenvend-connections-restored
    """
    deployment = deployment_of(context)
    deployed = DeployedConnections(deployment, _left_out)
    backup = deployed.store_of(source, key_arn=key or deployment.output("KeyArn"))

    def pairs() -> Iterator[tuple[Connection, Connection | None]]:
        return ((each, deployed.store.read(each.key)) for each in backup.all())

    steps = list(plan_connections(pairs()))
    if not _agreed(steps, yes=yes, dry_run=dry_run):
        return
    brought_back = [step for step in steps if _bring_back(deployed, step)]
    say(f"{len(brought_back)} connections were brought back.", style="green")


def _bring_back(deployed: DeployedConnections, step: ConnectionStep) -> bool:
    if step.action is not RestoreAction.BRING_BACK:
        return False
    if not deployed.store.put_consent(step.current, step.backup):
        note(f"{step.name} changed in the meantime, and was left as it is")
        return False
    return True


def _agreed(steps: Sequence[RestoreStep], *, yes: bool, dry_run: bool) -> bool:
    """Show the steps, and return whether to take them."""
    if steps:
        rows = [
            {"what": each.what, "name": each.name, "action": each.action.value, "why": each.why}
            for each in steps
        ]
        show(table(rows))
    if not any(step.action is RestoreAction.BRING_BACK for step in steps):
        say("There is nothing to bring back.")
        return False
    if dry_run:
        return False
    if not yes:
        if not is_terminal():
            raise UsageError(
                "there is no terminal to ask for your consent: look at --dry-run, then add --yes"
            )
        typer.confirm("Bring these back?", abort=True)
    return True


def _check_same_deployment(backup: Registry, deployment_id: str) -> None:
    if backup.deployment not in {None, deployment_id}:
        raise CommandError(
            f"that table is the registry of the deployment {backup.deployment}, but this"
            f" deployment is {deployment_id}"
        )


def _left_out(item: str, reason: Distrust) -> None:
    note(f"{item} was left out, because it cannot be trusted: {reason.value.replace('_', ' ')}")
