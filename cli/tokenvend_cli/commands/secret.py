"""`secret`: what a provider issued to us, kept in Secrets Manager."""

import json
import sys
from typing import Annotated

import typer

from tokenvend.domain.oauth.token_request import TO_CALLERS
from tokenvend.domain.secret_fields import secret_fields
from tokenvend_cli.commands.context import (
    AsJson,
    deployment_of,
    is_terminal,
    note,
    out,
    print_json,
    say,
    told,
)
from tokenvend_cli.commands.show_adoption import show_adoption
from tokenvend_cli.commands.tables import table
from tokenvend_cli.deployment.adoption import adoption_of
from tokenvend_cli.deployment.secrets import Secrets, SecretStatus, parse_secret_name
from tokenvend_cli.problems import CommandError, UsageError

app = typer.Typer(no_args_is_help=True, help="Write and describe provider secrets.")

Name = Annotated[
    str, typer.Argument(metavar="CREDENTIAL[/TENANT]", help="Which.", show_default=False)
]


@app.command()
@told
def put(
    context: typer.Context,
    name: Name,
    *,
    new_host: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="Agree that it is sent to another host than before."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a secret: JSON from standard input, or asked for. Never from an argument.

    The host of the credential's token endpoint is recorded with it, and it is sent nowhere
    else. Tokens made with the former secret are replaced as they come due.

    Example: tokenvend secret put sr-partner/acme < secret.json
    """
    secrets, target = Secrets(deployment_of(context)), parse_secret_name(name)
    definition = secrets.definition_of(target)
    if definition.secret is not None:
        raise CommandError(
            f"{name} uses a secret of yours: change it where it is ({definition.secret.arn})"
        )
    recorded = secrets.recorded(target)
    _agree_on_host(recorded, new_host)
    secrets.put(target, _read_value(recorded, secret_fields(definition)))
    if as_json:
        print_json({"name": name, "host": recorded.wanted_host})
    else:
        say(f"The secret of {name} is written. It {_goes_to(recorded)}.")


@app.command()
@told
def adopt(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CREDENTIAL", help="Which.", show_default=False)],
    *,
    arn: Annotated[
        str | None, typer.Option(help="The secret; else the one that the deployed file names.")
    ] = None,
    tag: Annotated[bool, typer.Option("--tag", help="Set the tags now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Use a secret that you keep already: show the tags and the key policy that it needs.

    Exits with 1 while something is missing. Its value is not read.

    Example: tokenvend secret adopt sr-jobs --arn arn:aws:secretsmanager:… --tag
    """
    deployment = deployment_of(context)
    secrets, target = Secrets(deployment), parse_secret_name(name)
    if tag:
        secrets.tag(target, adoption_of(deployment, secrets, target, arn).arn)
    adoption = adoption_of(deployment, secrets, target, arn)
    if as_json:
        print_json(adoption.to_dict())
    else:
        show_adoption(adoption)
    if not adoption.is_ready:
        raise typer.Exit(1)


@app.command()
@told
def status(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[CREDENTIAL[/TENANT]]", help="Which; else all of them."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say which secrets are there and where each may be sent. No value is read.

    Exits with 1 if one is missing, or recorded for another host than it would be sent to.

    Example: tokenvend secret status sr-partner/acme
    """
    secrets = Secrets(deployment_of(context))
    names = list(secrets.names()) if name is None else [parse_secret_name(name)]
    found = [secrets.status(each) for each in names]
    rows = [
        {
            "name": each.name,
            "ready": each.is_ready,
            "exists": each.exists,
            "host": each.host,
            "wanted_host": each.wanted_host,
            "changed_at": each.changed_at and each.changed_at.isoformat(timespec="seconds"),
            "epoch": each.epoch[:8],
        }
        for each in found
    ]
    if as_json:
        print_json(rows)
    elif rows:
        out.print(table(rows))
        for each in found:
            _advise(each)
    else:
        say("No credential is deployed that needs a secret.")
    if not all(each.is_ready for each in found):
        raise typer.Exit(1)


def _advise(status: SecretStatus) -> None:
    if not status.exists:
        note(f"{status.name} has no secret: write it with `tokenvend secret put {status.name}`")
    elif not status.is_ours:
        note(f"{status.name} lacks this deployment's tag, so it cannot be used")
    elif not status.is_ready:
        note(
            f"{status.name} may be sent to {status.host}, but the deployed file says"
            f" {status.wanted_host}: it is sent to neither"
        )


def _agree_on_host(recorded: SecretStatus, new_host: str | None) -> None:
    """A changed file must not redirect a secret by somebody's routine rotation."""
    if not recorded.exists or recorded.host in {None, recorded.wanted_host}:
        return
    if new_host == recorded.wanted_host:
        return
    raise CommandError(
        f"{recorded.name} has been sent to {recorded.host}, but the deployed file would send it"
        f" to {recorded.wanted_host}. If that is meant, say --new-host {recorded.wanted_host}"
    )


def _goes_to(status: SecretStatus) -> str:
    if status.wanted_host == TO_CALLERS:
        return "is handed to granted callers, and sent nowhere by tokenvend"
    return f"is sent to {status.wanted_host} only"


def _read_value(recorded: SecretStatus, wanted: tuple[str, ...]) -> dict[str, str]:
    if is_terminal():
        note(f"it {_goes_to(recorded)}")
        fields: object = {
            name: typer.prompt(name, hide_input=name != "client_id") for name in wanted
        }
    else:
        fields = _json_from_standard_input()
    # A client id that stands in the file may stand in the secret too.
    allowed = {*wanted, "client_id"} if "client_secret" in wanted else {*wanted}
    if not isinstance(fields, dict) or set(fields) - allowed:
        raise UsageError(f"standard input must be a JSON object with {' and '.join(wanted)}")
    return {key: _text(fields.get(key), key) for key in wanted}


def _json_from_standard_input() -> object:
    try:
        return json.loads(sys.stdin.read())
    except (ValueError, RecursionError):
        return None


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{key} must be a text, and is needed")
    if value != value.strip():
        raise UsageError(f"{key} has white space around it: was it copied with something else?")
    return value
