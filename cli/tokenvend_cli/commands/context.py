"""Shared by all commands: the deployment, printing, and error handling."""

import json
import sys
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokenvend_cli.place import Place
from tokenvend_cli.problems import CommandError, ConfigurationError, Problem, UsageError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from tokenvend.domain.untrusted import Distrust
    from tokenvend_cli.deployment.connection_records import DeployedConnections
    from tokenvend_cli.deployment.registry_table import RegistryTable
    from tokenvend_cli.deployment.stack import Deployment

FAILED, BAD_USE, DIFFERENCES, UNCHECKED = 1, 2, 3, 4

#: Width in columns if the output is no terminal: wider than any table.
_WITHOUT_SCREEN = 1000

DEFAULT_FILE = Path("tokenvend.yaml")

File = Annotated[Path, typer.Option("--file", "-f", help="The configuration file.")]
ConnectionName = Annotated[
    str, typer.Argument(help="CREDENTIAL/OWNER/NAME, as `list` shows it.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


def deployment_of(
    context: typer.Context, *, moves_aliases: bool = False, attempts: int | None = None
) -> "Deployment":
    """Return the deployment that the options before the command name.

    Print a note if callers' aliases point at a former version, which direct callers then still
    get. A command that *moves_aliases* shows them itself. For *attempts*, see `Deployment`.
    """
    from tokenvend_cli.deployment.stack import Deployment

    place = context.obj
    deployment = Deployment(place if isinstance(place, Place) else Place(), attempts=attempts)
    if not moves_aliases:
        _note_aliases_behind(deployment)
    return deployment


def _note_aliases_behind(deployment: "Deployment") -> None:
    from botocore.exceptions import ClientError

    from tokenvend_cli.deployment.aliases import Aliases

    try:
        behind = Aliases(deployment).behind()
    except ClientError:
        # Some operators may not list aliases; a metric reports stale aliases as well.
        return
    if behind:
        note(
            f"direct callers still get the former version of the service: {', '.join(behind)}."
            " Run `tokenvend apply`."
        )


def registry_of(deployment: "Deployment") -> "RegistryTable":
    """The deployment's registry."""
    from tokenvend_cli.deployment.registry_table import RegistryTable

    return RegistryTable(
        deployment.client("dynamodb"),
        deployment.output("RegistryTableName"),
        deployment=deployment.output("DeploymentId"),
    )


def connections_of(context: typer.Context) -> "DeployedConnections":
    """The deployment's connections. An item that cannot be trusted is noted and left out."""
    from tokenvend_cli.deployment.connection_records import DeployedConnections

    def untrusted(item: str, reason: "Distrust") -> None:
        note(f"{item} was left out, because it cannot be trusted: {reason.value.replace('_', ' ')}")

    return DeployedConnections(deployment_of(context), untrusted)


def print_json(value: Any) -> None:
    """Print *value* as JSON, for a program to read."""
    typer.echo(json.dumps(value, indent=2, default=str))


def is_terminal() -> bool:
    """Whether standard input is a terminal, where a person can answer."""
    return sys.stdin.isatty()


def show(what: "RenderableType") -> None:
    """Print *what* on standard output."""
    _console().print(what)


def say(text: str, *, style: str = "") -> None:
    """Print one line as it is; markup in it has no effect."""
    from rich.text import Text

    show(Text(text, style))


def note(text: str) -> None:
    """Print a note on standard error."""
    _say_beside("note: ", "yellow", text)


def complain(text: str) -> None:
    """Print on standard error why the command failed."""
    _say_beside("error: ", "bold red", text)


def exits_on_error[**P, T](command: Callable[P, T]) -> Callable[P, T]:
    """Turn an exception that ends a command into one line of text and an exit code."""

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
        except _errors_of_aws() as error:
            complain(_in_words(error))
            raise typer.Exit(FAILED) from None

    return speaking


def _errors_of_aws() -> tuple[type[Exception], ...]:
    """Return the exceptions of AWS calls; imported only after one was raised, to start fast."""
    from botocore.exceptions import BotoCoreError, ClientError

    from tokenvend.adapters.aws_errors import AwsRefusedError
    from tokenvend.ports import StoreAwayError

    return AwsRefusedError, StoreAwayError, ClientError, BotoCoreError


def _in_words(error: Exception) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        found = error.response["Error"]
        reason = found.get("Message") or found.get("Code")
        return f"AWS refused {error.operation_name}: {reason}"
    if isinstance(error, BotoCoreError):
        return f"AWS could not be called: {error}"
    return f"AWS refused or did not answer: {error}"


def error_console() -> "Console":
    """Standard error, for what is shown while a command runs."""
    return _console(stderr=True)


@cache
def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    found = Console(stderr=stderr, soft_wrap=True, highlight=False)
    if not found.is_terminal:
        # A program or a file has no width, so names and table rows are not broken for it.
        found.width = _WITHOUT_SCREEN
    return found


def _say_beside(label: str, style: str, text: str) -> None:
    from rich.text import Text

    _console(stderr=True).print(Text.assemble((label, style), text))


def _list_problems(error: ConfigurationError) -> None:
    for problem in error.problems:
        _console(stderr=True).print(_problem_line(error.file, problem))
    count = len(error.problems)
    complain(f"{count} mistake{'s' if count != 1 else ''} in {error.file}; nothing was done")


def _problem_line(file: str, problem: Problem) -> "Text":
    from rich.text import Text

    line = Text(f"{file}:{problem.line}: " if problem.line else f"{file}: ", "dim")
    if problem.place:
        line.append(f"{problem.place}: ", "bold")
    return line.append(problem.what, "")
