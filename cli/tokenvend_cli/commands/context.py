"""What every command shares: where AWS is, and how to speak."""

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tokenvend_cli.deployment.registry_table import RegistryTable
from tokenvend_cli.deployment.stack import Deployment, Place
from tokenvend_cli.problems import CommandError, ConfigurationError

OK, FAILED, BAD_USE, DIFFERENCES = 0, 1, 2, 3

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)

File = Annotated[
    Path, typer.Option("--file", "-f", help="The configuration file.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def deployment_of(context: typer.Context) -> Deployment:
    """The deployment that the options before the command name."""
    place = context.obj
    return Deployment(place if isinstance(place, Place) else Place())


def registry_of(deployment: Deployment) -> RegistryTable:
    """The deployment's registry."""
    return RegistryTable(deployment.client("dynamodb"), deployment.output("RegistryTableName"))


def print_json(value: Any) -> None:
    """Print *value* as JSON, for a program to read."""
    typer.echo(json.dumps(value, indent=2, default=str))


def told[**P, T](command: Callable[P, T]) -> Callable[P, T]:
    """Turn what stops a command into a line for a person and an exit code."""

    @wraps(command)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except ConfigurationError as error:
            err.print("[bold red]The configuration needs mending:[/]")
            for problem in error.problems:
                err.print(f"  {problem}", markup=False, highlight=False)
            raise typer.Exit(BAD_USE) from None
        except CommandError as error:
            err.print(f"tokenvend: {error}", markup=False, highlight=False)
            raise typer.Exit(FAILED) from None
        except ClientError as error:
            call = error.operation_name
            reason = error.response["Error"].get("Message", "")
            err.print(f"tokenvend: AWS refused {call}: {reason}", markup=False, highlight=False)
            raise typer.Exit(FAILED) from None
        except BotoCoreError as error:
            err.print(f"tokenvend: AWS cannot be reached: {error}", markup=False)
            raise typer.Exit(FAILED) from None

    return speaking
