"""`secret status`: list the secrets, each with its state."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tokenvend.domain.secret_destination import TO_CALLERS
from tokenvend.domain.token import SecretStage
from tokenvend_cli.commands.context import (
    FAILED,
    AsJson,
    deployment_of,
    exits_on_error,
    note,
    print_json,
    say,
    show,
)
from tokenvend_cli.commands.tables import short_time, table
from tokenvend_cli.deployment.secret_selection import Condition, Selection, is_well, read_page
from tokenvend_cli.deployment.secret_status import SecretStatus, parse_secret_name
from tokenvend_cli.deployment.secrets import Secrets


@exits_on_error
def status(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="CREDENTIAL[/TENANT]",
            help="The credential in the file; by default, all of them.",
        ),
    ] = None,
    *,
    only: Annotated[
        list[Condition] | None,
        typer.Option(help="Only secrets in this state; repeatable, then in any of them."),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Only tenants that match, such as 'ac*'.")
    ] = None,
    changed_before: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Only secrets last written before (UTC)."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Show at most so many.")] = None,
    after: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Go on after this name, the last of the page before."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which secrets are stored, where each may be sent, and which are refused.

    It reads no value. It also shows how long tokens live, as the newest exchange showed. Exits
    with 1 if a secret that is shown is missing, is refused by the provider, or may not be sent to
    the host in the deployed file.

    Example: tokenvend secret status sr-partner --only failing --limit 50
    """
    selection = Selection(
        name=parse_secret_name(name) if name is not None else None,
        tenant_glob=tenant,
        conditions=tuple(only or ()),
        changed_before=changed_before and changed_before.replace(tzinfo=UTC),
    )
    page = read_page(
        Secrets(deployment_of(context)),
        selection,
        after=parse_secret_name(after) if after is not None else None,
        limit=limit,
    )
    found = page.statuses
    if as_json:
        print_json([_row(each) for each in found])
    elif found:
        show(table([_short_row(each) for each in found]))
        for each in found:
            _advise(each)
    else:
        say(_nothing(selection, after))
    if found and not page.is_last:
        note(f"there are more: see the next ones with --after {found[-1].name}")
    if not all(is_well(each) for each in found):
        raise typer.Exit(FAILED)


def _nothing(selection: Selection, after: str | None) -> str:
    if after is None and selection == Selection():
        return "No credential is deployed that needs a secret."
    return "No secret matches."


def _row(status: SecretStatus) -> dict[str, Any]:
    observed, failure, outage = status.state.observed, status.state.failure, status.state.outage
    return {
        "name": str(status.name),
        "ready": status.is_ready,
        "exists": status.exists,
        "host": status.host,
        "wanted_host": status.wanted_host,
        "changed_at": status.changed_at and status.changed_at.isoformat(timespec="seconds"),
        "secret_generation": status.state.secret_generation,
        "lifetime_seconds": observed and observed.lifetime_seconds,
        "lifetime_source": observed and observed.lifetime_source.value,
        "secret_stage": observed and observed.secret_stage.value,
        "not_ready_for": sorted(status.state.not_ready_for),
        "refused": failure and failure.provider_error,
        "refused_times": failure.count if failure else 0,
        "tried_again_at": failure and failure.retry_at.isoformat(timespec="seconds"),
        "away_since": outage and outage.since.isoformat(timespec="seconds"),
    }


def _short_row(status: SecretStatus) -> dict[str, Any]:
    observed = status.state.observed
    return {
        "name": str(status.name),
        "ready": status.is_ready,
        "changed (UTC)": status.changed_at and short_time(status.changed_at),
        "tokens live": observed and f"{observed.lifetime_seconds} s",
        "goes to": "granted callers" if status.host == TO_CALLERS else status.host,
    }


def _advise(status: SecretStatus) -> None:
    if not status.exists:
        note(f"{status.name} has no secret: store it with `tokenvend secret put {status.name}`")
    elif not status.is_ours:
        note(
            f"{status.name} lacks this deployment's tag, so it cannot be used:"
            f" `tokenvend secret adopt {status.name}` shows the tags"
        )
    elif not status.is_ready:
        note(
            f"{status.name} may be sent to {status.host}, but the deployed file says"
            f" {status.wanted_host}, so it is not sent at all: correct the file, or store the"
            f" secret again with --new-host {status.wanted_host}"
        )
    for reader in sorted(status.state.not_ready_for):
        note(
            f"{status.name} could not be used by a scheduled run ({reader}), whose log says why."
            f" `tokenvend secret adopt {status.name}` shows what your own secret needs"
        )
    failure, observed = status.state.failure, status.state.observed
    if failure is not None:
        often = "once" if failure.count == 1 else f"{failure.count} times"
        note(
            f"{status.name} was refused {often}"
            f" ({failure.provider_error or 'too many requests'}); it is tried again at"
            f" {short_time(failure.retry_at)} UTC, or at once after `tokenvend secret put`"
        )
    if (outage := status.state.outage) is not None:
        note(
            f"{status.name}: no request to the provider has succeeded since"
            f" {short_time(outage.since)} UTC; the next request that needs a token tries again"
        )
    if observed is not None and observed.secret_stage is SecretStage.PENDING:
        note(
            f"{status.name} works with its version AWSPENDING only: finish the rotation, so that"
            " it is AWSCURRENT"
        )
