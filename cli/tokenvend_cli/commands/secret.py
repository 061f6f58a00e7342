"""`secret`: what a provider issued to us, kept in Secrets Manager."""

import json
from typing import Annotated, Any

import typer

from tokenvend.domain.oauth.token_request import TO_CALLERS
from tokenvend.domain.token import SecretStage
from tokenvend_cli.commands.context import (
    FAILED,
    AsJson,
    deployment_of,
    note,
    print_json,
    say,
    show,
    told,
)
from tokenvend_cli.commands.secret_value import goes_to, public_key_of, read_secret_value
from tokenvend_cli.commands.show_adoption import show_adoption
from tokenvend_cli.commands.tables import short_time, table
from tokenvend_cli.deployment.adoption import adoption_of
from tokenvend_cli.deployment.secret_status import SecretStatus, parse_secret_name
from tokenvend_cli.deployment.secrets import Secrets
from tokenvend_cli.problems import CommandError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Write and describe provider secrets.",
)

Name = Annotated[
    str,
    typer.Argument(
        metavar="CREDENTIAL[/TENANT]",
        help="A credential's name in the file; of a family, with a tenant.",
        show_default=False,
    ),
]
NewHost = Annotated[
    str | None,
    typer.Option(metavar="HOST", help="Agree that it is sent to another host than before."),
]


@app.command()
@told
def put(
    context: typer.Context, name: Name, *, new_host: NewHost = None, as_json: AsJson = False
) -> None:
    """Write a secret: JSON from standard input, or asked for. Never from an argument.

    The JSON holds `client_id` and `client_secret`, or `client_id` and `private_key` of a client
    that signs, or `api_key`. The host of the token endpoint is recorded with it, and it is sent
    nowhere else. Tokens made with the former secret are replaced as they come due.

    Example: tokenvend secret put sr-partner/acme < secret.json
    """
    secrets, target = Secrets(deployment_of(context)), parse_secret_name(name)
    definition = secrets.definition_of(target)
    if definition.secret is not None:
        raise CommandError(
            f"{name} uses a secret of yours: change it where it is ({definition.secret.arn})"
        )
    seen = secrets.look(target, definition)
    _agree_on_host(seen, new_host)
    value = read_secret_value(definition, seen)
    public = public_key_of(definition, value)
    secrets.put(seen, value)
    if as_json:
        print_json({"name": name, "host": seen.wanted_host} | public)
        return
    say(f"The secret of {name} is written. It {goes_to(seen)}.")
    if public:
        say("Its public half, for the provider:")
        say(json.dumps(public["public_key"], indent=2))


@app.command()
@told
def adopt(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="CREDENTIAL", help="Its name in the file.", show_default=False),
    ],
    *,
    arn: Annotated[
        str | None,
        typer.Option(metavar="ARN", help="The secret; else the one that the deployed file names."),
    ] = None,
    operator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ARN",
            help="A role that runs connections, probe or revoke, and so reads it too; repeatable.",
        ),
    ] = None,
    tag: Annotated[bool, typer.Option("--tag", help="Set the tags now.")] = False,
    new_host: NewHost = None,
    as_json: AsJson = False,
) -> None:
    """Use a secret that you keep already: show the tags and the key policy that it needs.

    Exits with 1 while something is missing. Its value is not read.

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


@app.command()
@told
def status(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="CREDENTIAL[/TENANT]", help="Which; left out, all of them."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say which secrets are there and where each may be sent. No value is read.

    It also says what the newest exchanges showed: how long tokens live and who says so, and
    whether the provider refuses the credential. Exits with 1 if a secret is missing, refused, or
    recorded for another host than it would be sent to.

    Example: tokenvend secret status sr-partner/acme
    """
    secrets = Secrets(deployment_of(context))
    names = list(secrets.names()) if name is None else [parse_secret_name(name)]
    found = [secrets.status(each) for each in names]
    if as_json:
        print_json([_row(each) for each in found])
    elif found:
        show(table([_short_row(each) for each in found]))
        for each in found:
            _advise(each)
    else:
        say("No credential is deployed that needs a secret.")
    if not all(_is_well(each) for each in found):
        raise typer.Exit(FAILED)


def _is_well(status: SecretStatus) -> bool:
    state = status.state
    return status.is_ready and state.failure is None and not state.not_ready_for


def _row(status: SecretStatus) -> dict[str, Any]:
    observed, failure, outage = status.state.observed, status.state.failure, status.state.outage
    return {
        "name": str(status.name),
        "ready": status.is_ready,
        "exists": status.exists,
        "host": status.host,
        "wanted_host": status.wanted_host,
        "changed_at": status.changed_at and status.changed_at.isoformat(timespec="seconds"),
        "epoch": status.state.epoch,
        "lifetime_seconds": observed and observed.lifetime_seconds,
        "lifetime_source": observed and observed.lifetime_source.value,
        "secret_stage": observed and observed.secret_stage.value,
        "not_ready_for": sorted(status.state.not_ready_for),
        "refused": failure and failure.provider_error,
        "refused_times": failure.count if failure else 0,
        "tried_again_at": failure and failure.retry_at.isoformat(timespec="seconds"),
        "away_since": outage and outage.since.isoformat(timespec="seconds"),
    }


def _short_row(status: SecretStatus) -> dict[str, Any]:
    observed = status.state.observed
    return {
        "name": str(status.name),
        "ready": status.is_ready,
        "changed (UTC)": status.changed_at and short_time(status.changed_at),
        "tokens live": observed and f"{observed.lifetime_seconds} s",
        "goes to": "granted callers" if status.host == TO_CALLERS else status.host,
    }


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
    for reader in sorted(status.state.not_ready_for):
        note(
            f"{status.name} could not be used by the schedule ({reader}): its log says why."
            f" `tokenvend secret adopt {status.name}` says what a secret of yours needs"
        )
    failure, observed = status.state.failure, status.state.observed
    if failure is not None:
        note(
            f"{status.name} was refused {failure.count} times"
            f" ({failure.provider_error or 'too many requests'}); it is tried again at"
            f" {short_time(failure.retry_at)} UTC, or at once after `tokenvend secret put`"
        )
    if (outage := status.state.outage) is not None:
        note(
            f"{status.name}: the provider has not answered since {short_time(outage.since)} UTC, as"
            " far as anybody has asked it; the next token that is needed tries again"
        )
    if observed is not None and observed.secret_stage is SecretStage.PENDING:
        note(f"{status.name} works with its AWSPENDING version only: make it AWSCURRENT")


def _agree_on_host(seen: SecretStatus, new_host: str | None) -> None:
    """A changed file must not redirect a secret by somebody's routine rotation."""
    wanted = seen.wanted_host
    if new_host not in {None, wanted}:
        raise UsageError(f"the deployed file sends {seen.name} to {wanted}, not to {new_host}")
    if new_host is None and seen.host not in {None, wanted}:
        raise CommandError(
            f"{seen.name} may be sent to {seen.host} so far, but the deployed file would send it"
            f" to {wanted}. If that is meant, say --new-host {wanted}"
        )
