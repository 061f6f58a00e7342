"""`secret`: write and describe provider secrets in Secrets Manager."""

import json
from typing import Annotated

import typer

from tokenvend_cli.commands.context import (
    FAILED,
    AsJson,
    deployment_of,
    exits_on_error,
    print_json,
    say,
)
from tokenvend_cli.commands.import_secrets import import_secrets
from tokenvend_cli.commands.secret_value import (
    for_value,
    goes_to,
    public_key_of,
    read_secret_value,
)
from tokenvend_cli.commands.show_adoption import show_adoption
from tokenvend_cli.commands.show_secrets import status
from tokenvend_cli.deployment.adoption import adoption_of
from tokenvend_cli.deployment.secret_status import SecretStatus, parse_secret_name
from tokenvend_cli.deployment.secrets import Secrets
from tokenvend_cli.problems import CommandError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Store the secrets that providers gave you, and see their state.",
)

#: The public parts of a secret, which are printed because the provider needs them.
_PUBLIC = {
    "public_key": "Its public half, for the provider:",
    "certificate": "Its certificate, as the provider must know it:",
}

Name = Annotated[
    str,
    typer.Argument(
        metavar="CREDENTIAL[/TENANT]",
        help="The credential in the file; for a family, with the tenant.",
        show_default=False,
    ),
]
NewHost = Annotated[
    str | None,
    typer.Option(metavar="HOST", help="Allow that it is sent to this host, not to the former one."),
]


@app.command()
@exits_on_error
def put(
    context: typer.Context, name: Name, *, new_host: NewHost = None, as_json: AsJson = False
) -> None:
    """Store the secret of a credential. Give it as JSON on standard input, or at the prompt.

    The JSON holds client_id and client_secret; for a client that signs, client_id and
    private_key; for tls_client_auth, certificate too; for an API key, api_key; for a signed JWT,
    private_key or shared_key. It also holds what the provider's token_request, signed_jwt and
    tenant_values in the file name.

    The host of the token endpoint is recorded with the secret, which is sent nowhere else. Tokens
    that the former secret got stay in use until they are due for renewal.

    Example: tokenvend secret put sr-partner/acme < secret.json
    """
    secrets, target = Secrets(deployment_of(context)), parse_secret_name(name)
    definition = secrets.definitions.of_secret(target)
    if definition.secret is not None:
        raise CommandError(
            f"{name} uses your own secret {definition.secret.arn}:"
            " change its value in Secrets Manager"
        )
    seen = secrets.look(target, definition)
    if not definition.tenant_values:
        _agree_on_host(seen, new_host)
    value = read_secret_value(definition, seen)
    if definition.tenant_values:
        # The tenant's host is known only from the secret's value.
        seen = secrets.look(target, for_value(definition, value))
        _agree_on_host(seen, new_host)
    public = public_key_of(definition, value)
    secrets.put(seen, value)
    if as_json:
        print_json({"name": name, "host": seen.wanted_host} | public)
        return
    say(f"The secret of {name} is written. It {goes_to(seen)}.")
    for what, shown in public.items():
        say(_PUBLIC[what])
        say(json.dumps(shown, indent=2))


@app.command()
@exits_on_error
def adopt(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="CREDENTIAL", help="The credential in the file.", show_default=False
        ),
    ],
    *,
    arn: Annotated[
        str | None,
        typer.Option(
            metavar="ARN", help="The secret; by default the one that the deployed file names."
        ),
    ] = None,
    operator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ARN",
            help="A role whose users run connections, probe or revoke; repeatable.",
        ),
    ] = None,
    tag: Annotated[bool, typer.Option("--tag", help="Set the tags that are missing.")] = False,
    new_host: NewHost = None,
    as_json: AsJson = False,
) -> None:
    """Use a secret that is in Secrets Manager already: show the tags and key policy it needs.

    It reads no value. It exits with 1 as long as something is missing.

    Example: tokenvend secret adopt sr-jobs --arn arn:aws:secretsmanager:… --tag
    """
    deployment = deployment_of(context)
    secrets, target = Secrets(deployment), parse_secret_name(name)
    adoption = adoption_of(deployment, secrets, target, arn, operators=operator or ())
    if tag:
        _agree_on_host(adoption.secret, new_host)
        secrets.tag(adoption.secret)
        adoption = adoption_of(deployment, secrets, target, arn, operators=operator or ())
    if as_json:
        print_json(adoption.to_dict())
    else:
        show_adoption(adoption)
    if not adoption.is_ready:
        raise typer.Exit(FAILED)


def _agree_on_host(seen: SecretStatus, new_host: str | None) -> None:
    """Ask before the host changes, so that rotating a secret does not silently redirect it."""
    wanted = seen.wanted_host
    if new_host not in {None, wanted}:
        raise UsageError(
            f"--new-host {new_host} is not the host in the deployed file:"
            f" {seen.name} goes to {wanted}"
        )
    if new_host is None and seen.host not in {None, wanted}:
        raise CommandError(
            f"{seen.name} is stored for {seen.host}, but the deployed file says {wanted}."
            f" If you want that, add --new-host {wanted}"
        )


app.command("import")(import_secrets)
app.command()(status)
