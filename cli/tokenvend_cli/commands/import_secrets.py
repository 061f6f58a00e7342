"""`secret import`: the secrets of many customers at once."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend_cli.commands.context import (
    FAILED,
    AsJson,
    complain,
    deployment_of,
    error_console,
    exits_on_error,
    is_terminal,
    note,
    print_json,
    say,
)
from tokenvend_cli.commands.secret_value import checked_value, for_value, public_key_of
from tokenvend_cli.deployment.secret_import import (
    ATTEMPTS,
    Checked,
    ImportOutcome,
    Result,
    SecretImport,
    check_lines,
)
from tokenvend_cli.deployment.secret_lines import MOST_BYTES, LineProblem, parse_lines
from tokenvend_cli.deployment.secrets import Secrets
from tokenvend_cli.problems import UsageError

#: A shorter import ends too soon for a progress bar to be of use.
_WORTH_A_BAR = 60


@exits_on_error
def import_secrets(
    context: typer.Context,
    *,
    new_host: Annotated[
        str | None,
        typer.Option(
            metavar="HOST", help="Allow that they are sent to this host, not to the former one."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every line, and write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Store many secrets at once. Give them on standard input, as JSON lines or CSV.

    A JSON line is {"name": CREDENTIAL, "tenant": TENANT, "fields": {…}}, with the fields of
    `secret put`. CSV begins with a line such as name,tenant,client_id,client_secret. A wrong line
    is reported with its number, all others are written, and the exit code is 1.

    You can import the same lines again: secrets that are there stay unchanged, and missing ones
    are written.

    Example: tokenvend secret import < customers.jsonl
    """
    if is_terminal():
        raise UsageError("give the secrets on standard input: tokenvend secret import < FILE")
    secrets = Secrets(deployment_of(context, attempts=ATTEMPTS))
    lines = parse_lines(sys.stdin.buffer.read(MOST_BYTES + 1))
    good, problems = check_lines(secrets.definitions.named, lines, _checked)
    if not good and not problems:
        raise UsageError("standard input is empty: give one secret a line")
    _report(problems)
    results = _run(SecretImport(secrets, new_host=new_host, dry_run=dry_run), good)
    failures = [each.problem for each in results if each.problem]
    _report(failures)
    if as_json:
        print_json(_document(good, results, [*problems, *failures]))
    else:
        _summarise(results, len(problems))
    if problems or {ImportOutcome.FAILED, ImportOutcome.NOT_TRIED} & {
        each.outcome for each in results
    }:
        raise typer.Exit(FAILED)


def _checked(
    definition: CredentialDefinition, fields: Mapping[str, str]
) -> tuple[dict[str, str], CredentialDefinition]:
    value = checked_value(definition, fields)
    # A private key that cannot sign is found here, before anything is written.
    public_key_of(definition, value)
    return value, for_value(definition, value)


def _run(importing: SecretImport, good: Sequence[Checked]) -> list[Result]:
    console = error_console()
    if len(good) < _WORTH_A_BAR or not console.is_terminal:
        return importing.run(good, lambda: None)
    from rich.progress import Progress

    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("Writing secrets", total=len(good))
        return importing.run(good, lambda: progress.advance(bar))


def _report(problems: Iterable[LineProblem]) -> None:
    for problem in sorted(problems, key=lambda each: each.number):
        name = f" ({problem.name})" if problem.name else ""
        complain(f"line {problem.number}{name}: {problem.what}")


def _summarise(results: Sequence[Result], wrong: int) -> None:
    counts = Counter(each.outcome for each in results)
    say(
        f"{counts[ImportOutcome.CHECKED]} secrets can be written."
        if counts[ImportOutcome.CHECKED]
        else f"{counts[ImportOutcome.WRITTEN]} secrets are written,"
        f" {counts[ImportOutcome.UNCHANGED]} were unchanged."
    )
    if failed := wrong + counts[ImportOutcome.FAILED]:
        note(f"{failed} lines were not written: correct them, and import the same file again")
    if left_out := counts[ImportOutcome.NOT_TRIED]:
        note(f"{left_out} lines were not tried: import the same file again")


def _document(
    good: Sequence[Checked], results: Sequence[Result], problems: Sequence[LineProblem]
) -> dict[str, Any]:
    names: dict[str, list[str]] = {
        each.value: [] for each in ImportOutcome if each != ImportOutcome.FAILED
    }
    for result in results:
        if result.problem is None:
            names[result.outcome].append(str(result.name))
    wrong = sorted(problems, key=lambda each: each.number)
    keys = {str(each.name): public_key_of(each.definition, each.value) for each in good}
    return names | {
        "wrong": [{"line": each.number, "name": each.name, "what": each.what} for each in wrong],
        "public_keys": {name: key["public_key"] for name, key in keys.items() if key},
    }
