"""What every command shares: where AWS is, and how to speak."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.ports import StoreAwayError
from tokenvend_cli.deployment.registry_table import RegistryTable
from tokenvend_cli.deployment.stack import Deployment, Place
from tokenvend_cli.problems import CommandError, ConfigurationError, Problem, UsageError

FAILED, BAD_USE, DIFFERENCES = 1, 2, 3

DEFAULT_FILE = Path("tokenvend.yaml")

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

File = Annotated[Path, typer.Option("--file", "-f", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


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


def is_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def say(text: str, *, style: str = "") -> None:
    """Print one line; nothing in it is markup."""
    out.print(Text(text, style))


def note(text: str) -> None:
    """Say something beside the answer, on standard error."""
    err.print(Text.assemble(("note: ", "yellow"), text))


def complain(text: str) -> None:
    """Say why the command ends here."""
    err.print(Text.assemble(("error: ", "bold red"), text))


def told[**P, T](command: Callable[P, T]) -> Callable[P, T]:
    """Turn what stops a command into a line for a person and an exit code."""

    @wraps(command)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except ConfigurationError as error:
            _list_problems(error)
            raise typer.Exit(BAD_USE) from None
        except UsageError as error:
            complain(str(error))
            raise typer.Exit(BAD_USE) from None
        except CommandError as error:
            complain(str(error))
            raise typer.Exit(FAILED) from None
        except (AwsRefusedError, StoreAwayError) as error:
            complain(f"AWS did not do it: {error}")
            raise typer.Exit(FAILED) from None
        except ClientError as error:
            reason = error.response["Error"].get("Message") or error.response["Error"].get("Code")
            complain(f"AWS refused {error.operation_name}: {reason}")
            raise typer.Exit(FAILED) from None
        except BotoCoreError as error:
            complain(f"AWS cannot be asked: {error}")
            raise typer.Exit(FAILED) from None

    return speaking


def _list_problems(error: ConfigurationError) -> None:
    for problem in error.problems:
        err.print(_problem_line(error.file, problem))
    count = len(error.problems)
    complain(f"{count} thing{'s' if count != 1 else ''} to mend in {error.file}; nothing was done")


def _problem_line(file: str, problem: Problem) -> Text:
    line = Text(f"{file}:{problem.line}: " if problem.line else f"{file}: ", "dim")
    if problem.place:
        line.append(f"{problem.place}: ", "bold")
    return line.append(problem.what, "")
