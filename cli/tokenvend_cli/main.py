"""The `tokenvend` command."""

from typing import Annotated

import typer

from tokenvend_cli.catalogue import Catalogue
from tokenvend_cli.place import Place

app = typer.Typer(
    cls=Catalogue,
    # Plain help needs no rich, and takes a third of the time.
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="Exit codes: 0 done; 1 refused, or it failed; 2 wrong use, or a wrong file; 3 there is"
    " something to apply (plan --detailed-exit-code); 4 an issuer does not answer (plan).",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        from importlib.metadata import version as installed_version

        typer.echo(f"tokenvend {installed_version('tokenvend')}")
        raise typer.Exit


@app.callback()
def tokenvend(
    context: typer.Context,
    *,
    stack: Annotated[
        str,
        typer.Option(envvar="TOKENVEND_STACK", help="The CloudFormation stack of the deployment."),
    ] = "tokenvend",
    region: Annotated[str | None, typer.Option(help="The AWS Region of the stack.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="A profile of your AWS configuration files.")
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The address of a local AWS.")
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Manage a tokenvend deployment: who gets tokens of which credential, and the secrets.

    Write tokenvend.yaml, check it with `validate`, look with `plan`, and `apply` it; then store
    each credential's secret with `secret put`.

    The options below go before the command. AWS credentials and the region come from AWS's own
    environment variables and files, as for the AWS command line.

    Example: tokenvend --stack tokenvend-test plan
    """
    del version
    context.obj = Place(stack=stack, region=region, profile=profile, endpoint_url=endpoint_url)


def main() -> None:
    """Run the command."""
    app()
