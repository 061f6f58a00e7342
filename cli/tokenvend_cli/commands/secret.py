"""`secret`: what a provider issued to us, kept in Secrets Manager."""

import json
import sys
from typing import Annotated

import typer

from tokenvend_cli.commands.context import AsJson, deployment_of, out, print_json, told
from tokenvend_cli.deployment.secrets import Secrets, parse_secret_name
from tokenvend_cli.problems import CommandError

app = typer.Typer(no_args_is_help=True, help="Write and describe provider secrets.")

Target = Annotated[str, typer.Argument(metavar="CREDENTIAL[/TENANT]")]


@app.command()
@told
def put(context: typer.Context, name: Target) -> None:
    """Write a secret, from standard input (JSON) or asked for; never from an argument.

    The host of the credential's token endpoint is recorded with it: it is sent nowhere else.

    Example: tokenvend secret put sr-partner/acme < secret.json
    """
    secrets = Secrets(deployment_of(context))
    target = parse_secret_name(name)
    needs_client_id = secrets.definition_of(target).client_id is None
    host = secrets.put(target, _read_value(needs_client_id=needs_client_id))
    out.print(f"The secret of {target} is written; it may be sent to {host} only.")


@app.command()
@told
def adopt(
    context: typer.Context,
    name: Target,
    *,
    tag: Annotated[bool, typer.Option("--tag", help="Set the tags now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Use a secret that you already have: print the tags and the key policy that it needs.

    Example: tokenvend secret adopt sr-jobs --tag
    """
    arn, tags = Secrets(deployment_of(context)).adopt(parse_secret_name(name), tag=tag)
    if as_json:
        print_json({"arn": arn, "tags": tags, "tagged": tag})
        return
    out.print(f"The secret {arn}" + (" now carries" if tag else " needs") + " these tags:")
    for each in tags:
        out.print(f"  {each['Key']} = {each['Value']}", highlight=False)
    out.print("The tag admits this deployment's functions. If the secret is encrypted with a")
    out.print("customer key, let their roles use kms:Decrypt on that key too.")


@app.command()
@told
def status(context: typer.Context, name: Target, *, as_json: AsJson = False) -> None:
    """Say whether a secret is there and where it may be sent; its value is not read.

    Example: tokenvend secret status sr-jobs
    """
    found = Secrets(deployment_of(context)).status(parse_secret_name(name))
    if as_json:
        print_json(
            {
                "exists": found.exists,
                "host": found.host,
                "host_matches": found.host_matches,
                "changed_at": found.changed_at,
            }
        )
        return
    if not found.exists:
        raise CommandError(f"there is no secret yet; write it with: tokenvend secret put {name}")
    fit = "matches" if found.host_matches else "DOES NOT MATCH"
    out.print(f"{name}: changed {found.changed_at}; host {found.host} {fit} the token endpoint")


def _read_value(*, needs_client_id: bool) -> dict[str, str]:
    if sys.stdin.isatty():
        value = {"client_id": typer.prompt("client_id")} if needs_client_id else {}
        return value | {"client_secret": typer.prompt("client_secret", hide_input=True)}
    try:
        fields = json.loads(sys.stdin.read())
    except ValueError:
        fields = None
    wanted = ["client_id", "client_secret"] if needs_client_id else ["client_secret"]
    if not isinstance(fields, dict) or not all(
        isinstance(fields.get(name), str) and fields[name] for name in wanted
    ):
        raise CommandError(f"standard input must be a JSON object with {' and '.join(wanted)}")
    return {name: fields[name] for name in wanted}
