"""The `tokenvend` command."""

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from tokenvend_cli.commands import block, caller, connections, plan, secret
from tokenvend_cli.commands.explain import explain
from tokenvend_cli.commands.probe import probe
from tokenvend_cli.commands.revoke import revoke
from tokenvend_cli.deployment.stack import Place

app = typer.Typer(
    rich_markup_mode="markdown",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="Exit codes: 0 done; 1 refused, or it failed; 2 wrong use, or a wrong file; 3 there is"
    " something to apply (plan --detailed-exit-code).",
)
app.command(rich_help_panel="The file")(plan.validate)
app.command(rich_help_panel="The file")(plan.plan)
app.command(rich_help_panel="The file")(plan.apply)
app.command(rich_help_panel="The file")(explain)
app.command(rich_help_panel="The file")(plan.schema)
app.command(rich_help_panel="The file")(probe)
app.add_typer(secret.app, name="secret", rich_help_panel="Secrets")
app.add_typer(caller.app, name="caller", rich_help_panel="Secrets")
app.add_typer(connections.app, name="connections", rich_help_panel="Secrets")
app.command(rich_help_panel="Kill switch")(block.block)
app.command(rich_help_panel="Kill switch")(block.unblock)
app.command(rich_help_panel="Kill switch")(block.blocks)
app.command(rich_help_panel="Kill switch")(revoke)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(f"tokenvend {installed_version('tokenvend')}")
        raise typer.Exit


@app.callback()
def tokenvend(
    context: typer.Context,
    *,
    stack: Annotated[
        str, typer.Option(envvar="TOKENVEND_STACK", help="The deployment's CloudFormation stack.")
    ] = "tokenvend",
    region: Annotated[str | None, typer.Option(help="The AWS region.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="A profile of your AWS configuration.")
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Another AWS, such as a local one.")
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Decide which workload gets which token.

    These options go before the command. AWS's own environment variables hold as ever.

    Example: tokenvend --stack tokenvend-test plan
    """
    del version
    context.obj = Place(stack=stack, region=region, profile=profile, endpoint_url=endpoint_url)


def main() -> None:
    """Run the command."""
    app()
