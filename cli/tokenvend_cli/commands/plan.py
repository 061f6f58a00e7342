"""`validate`, `plan`, `apply`, `schema`: from the file to what is deployed."""

from collections.abc import Sequence
from typing import Annotated

import typer

from tokenvend_cli.commands.context import (
    BAD_USE,
    DEFAULT_FILE,
    DIFFERENCES,
    FAILED,
    UNCHECKED,
    AsJson,
    File,
    complain,
    deployment_of,
    exits_on_error,
    is_terminal,
    note,
    print_json,
    registry_of,
    say,
)
from tokenvend_cli.commands.show_plan import plan_document, show_notices, show_plan
from tokenvend_cli.configuration.checked import check_file
from tokenvend_cli.configuration.models import json_schema
from tokenvend_cli.configuration.providers import undiscovered
from tokenvend_cli.deployment.aliases import RefusedAlias
from tokenvend_cli.deployment.plan import Plan, make_plan
from tokenvend_cli.deployment.unchecked import refuse_unless_pinned
from tokenvend_cli.problems import ConfigurationError, UsageError


@exits_on_error
def validate(
    file: File = DEFAULT_FILE,
    *,
    local_stack: Annotated[
        bool,
        typer.Option("--local-stack", help="Allow http for providers on the loopback interface."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the file for mistakes, before you plan. It asks neither AWS nor an issuer.

    Example: tokenvend validate -f tokenvend.yaml
    """
    try:
        checked = check_file(file, lambda _: undiscovered, local_stack=local_stack)
    except ConfigurationError as error:
        if not as_json:
            raise
        problems = [{"place": p.place, "line": p.line, "what": p.what} for p in error.problems]
        print_json({"valid": False, "problems": problems})
        raise typer.Exit(BAD_USE) from None
    if as_json:
        print_json({"valid": True, "problems": []})
        return
    show_notices(checked)
    found = checked.configuration
    counts = f"{len(found.credentials)} credentials, {len(found.callers)} callers"
    say(f"{file} can be applied: {counts}, {len(found.grants)} grants.")


@exits_on_error
def plan(
    context: typer.Context,
    file: File = DEFAULT_FILE,
    *,
    as_json: AsJson = False,
    detailed_exit_code: Annotated[
        bool,
        typer.Option(
            "--detailed-exit-code", help=f"Exit with {DIFFERENCES} if there is something to apply."
        ),
    ] = False,
) -> None:
    """Show what `apply` would change in the deployment. It changes nothing.

    If an issuer does not answer, everything else is planned, and the exit code is 4.

    Example: tokenvend plan --detailed-exit-code
    """
    found = _make_plan(context, file)
    _show(found, as_json=as_json)
    if found.unchecked:
        raise typer.Exit(UNCHECKED)
    if detailed_exit_code and not found.is_empty:
        raise typer.Exit(DIFFERENCES)


@exits_on_error
def apply(
    context: typer.Context,
    file: File = DEFAULT_FILE,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    first: Annotated[
        bool,
        typer.Option(
            "--first", help="The deployment is new, so an empty registry has lost nothing."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Change the deployment to match the file, after each change of the file or the stack.

    It shows the plan and asks before it writes. Applying the same file twice changes nothing.
    Callers, grants and credentials that are no longer in the file are removed; blocks and client
    secrets stay. After a new deployment of the stack, direct callers get its version.

    If the registry is empty, it asks whether the deployment is new. If it is not, the registry
    was lost: run `tokenvend restore registry` first, or else blocked callers get tokens again.

    If an issuer does not answer, its metadata stays as last applied; if something new needs it,
    nothing is applied.

    Example: tokenvend apply --yes
    """
    if not yes and (as_json or not is_terminal()):
        raise UsageError(
            "there is no terminal to ask for your consent: run `tokenvend plan`, then"
            " `tokenvend apply --yes`"
        )
    found = _make_plan(context, file)
    _show(found, as_json=as_json)
    refuse_unless_pinned(found.unchecked)
    if found.is_empty:
        return
    if not yes:
        typer.confirm("Apply these changes?", abort=True)
    if found.revision == 0 and not first:
        _agree_to_empty_registry(yes=yes)
    _report_refused(found.carry_out())
    if not as_json:
        say("Applied.", style="green")


def _report_refused(refused: Sequence[RefusedAlias]) -> None:
    for each in refused:
        complain(
            f"direct caller {each.alias} was not applied: Lambda refused the policy for"
            f" {', '.join(each.principals)}: {each.reason}"
        )
    if refused:
        note("everything else was applied. Name principals that exist in the file, and apply again")
        raise typer.Exit(FAILED)


def _agree_to_empty_registry(*, yes: bool) -> None:
    """Ask before writing an empty registry: blocks that it lost would be lifted silently."""
    lost = (
        "the registry is empty, and the file holds neither client secrets nor blocks. If this"
        " deployment had any, run `tokenvend restore registry --from TABLE` first"
    )
    if yes:
        raise UsageError(f"{lost}. If the deployment is new, add --first")
    note(lost)
    typer.confirm("Is this deployment new?", abort=True)


def schema() -> None:
    """Print the JSON Schema of the file, so that your editor can check it.

    Example: tokenvend schema > tokenvend.schema.json
    """
    print_json(json_schema())


def _make_plan(context: typer.Context, file: File) -> Plan:
    deployment = deployment_of(context, moves_aliases=True)
    return make_plan(deployment, registry_of(deployment), file)


def _show(found: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(plan_document(found.checked, found.changes, found.aliases, found.unchecked))
    else:
        show_plan(found.checked, found.changes, found.aliases, found.unchecked)
