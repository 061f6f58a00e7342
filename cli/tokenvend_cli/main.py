"""The `tokenvend` command."""

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from tokenvend_cli.commands import block, caller, plan, secret
from tokenvend_cli.commands.explain import explain
from tokenvend_cli.deployment.stack import Place

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Decide who gets which token: plan and apply tokenvend.yaml, write secrets, block."
    "\n\nExit codes: 0 done; 1 refused or failed; 2 wrong use or a wrong file; 3 with"
    " --detailed-exit-code, something to apply.",
)
app.command()(plan.validate)
app.command()(plan.plan)
app.command()(plan.apply)
app.command()(plan.schema)
app.command()(explain)
app.command()(block.block)
app.command()(block.unblock)
app.command()(block.blocks)
app.add_typer(secret.app, name="secret")
app.add_typer(caller.app, name="caller")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"tokenvend {installed_version('tokenvend')}")
        raise typer.Exit


@app.callback()
def place(
    context: typer.Context,
    *,
    stack: Annotated[
        str, typer.Option(envvar="TOKENVEND_STACK", help="The CloudFormation stack.")
    ] = "tokenvend",
    region: Annotated[str | None, typer.Option(help="The AWS region.")] = None,
    profile: Annotated[str | None, typer.Option(help="An AWS profile.")] = None,
    endpoint_url: Annotated[
        str | None,
        typer.Option(envvar="AWS_ENDPOINT_URL", help="Another AWS, such as a local one."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Where AWS is."""
    del version
    context.obj = Place(stack=stack, region=region, profile=profile, endpoint_url=endpoint_url)


def main() -> None:
    """Run the command."""
    app()
