"""`probe`: measure what a provider does, with a real credential."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.token_request import ProviderSecret, for_tenant, host_of
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import destination_of, is_allowed
from tokenvend.domain.secret_fields import secret_fields, secret_of
from tokenvend_cli.commands.context import (
    AsJson,
    deployment_of,
    exits_on_error,
    note,
    print_json,
    say,
    show,
)
from tokenvend_cli.commands.provider_access import (
    at_own_host,
    deployed_secret,
    provider_client,
)
from tokenvend_cli.commands.secret_value import for_value
from tokenvend_cli.commands.tables import table
from tokenvend_cli.deployment.deployed_definitions import DeployedDefinitions
from tokenvend_cli.deployment.secret_status import parse_secret_name
from tokenvend_cli.probing.findings import ProbeFindings
from tokenvend_cli.probing.measure import measure
from tokenvend_cli.probing.requests import MOST_REQUESTS, CredentialRequester
from tokenvend_cli.problems import CommandError, UsageError


@exits_on_error
def probe(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="CREDENTIAL[/TENANT]", help="The credential in the file.", show_default=False
        ),
    ],
    *,
    introspection_endpoint: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The provider's introspection endpoint (RFC 7662)."),
    ] = None,
    secret_from_stdin: Annotated[
        bool,
        typer.Option(
            "--secret-from-stdin",
            help="Use a secret as `secret put` takes it, not the deployed one. With a"
            " refresh_token in it, that is spent. Where each connection has its own host, the"
            " values of one connection stand in it too.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how a provider behaves, and suggest lines for the file.

    Use it if the provider's documentation does not say how long a token lives, or what scopes do.
    It sends the provider at most 10 requests, shows no token, and changes nothing here. You need
    the right secretsmanager:GetSecretValue on the secret; the deployment gives it to no person.

    Example: tokenvend probe sr-jobs
    """
    deployment, target = deployment_of(context), parse_secret_name(name)
    definition = DeployedDefinitions(deployment).of_secret(target)
    if definition.kind is CredentialKind.API_KEY:
        raise UsageError(f"{name} is an API key, so there is no token endpoint to measure")
    if definition.kind is CredentialKind.SIGNED_JWT:
        raise UsageError(f"tokenvend signs the tokens of {name} itself, so there is no endpoint")
    given = _given(secret_from_stdin=secret_from_stdin)
    definition = at_own_host(definition, given)
    secret = (
        _secret_of(definition, given) if given else deployed_secret(deployment, definition, target)
    )
    if introspection_endpoint and not is_allowed(secret, host_of(introspection_endpoint)):
        raise UsageError(
            f"the introspection endpoint must be at {secret.allowed_host}: the secret is sent"
            " nowhere else"
        )
    try:
        definition = for_tenant(definition, secret)
    except TokenVendError as error:
        raise CommandError(error.description) from None
    asker = CredentialRequester(provider_client(deployment), definition, secret)
    refresh_token = given.get("refresh_token")
    try:
        findings = measure(
            asker,
            definition,
            introspection_endpoint=introspection_endpoint,
            refresh_token=Secret(refresh_token) if refresh_token else None,
        )
    except TokenVendError as error:
        raise CommandError(error.description) from None
    _show(findings, definition, asker.requests, as_json=as_json)


def _given(*, secret_from_stdin: bool) -> dict[str, str]:
    if not secret_from_stdin:
        return {}
    try:
        fields = json.loads(sys.stdin.read())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or not all(isinstance(each, str) for each in fields.values()):
        raise UsageError("standard input must be a JSON object, each value a string")
    return fields


def _secret_of(definition: CredentialDefinition, given: dict[str, str]) -> ProviderSecret:
    needed = secret_fields(definition)
    if missing := [name for name in needed if not given.get(name)]:
        raise UsageError(f"standard input lacks {' and '.join(missing)}")
    bound = for_value(definition, given)
    return secret_of(definition, given, allowed_host=destination_of(bound))


def _show(
    findings: ProbeFindings, definition: CredentialDefinition, requests: int, *, as_json: bool
) -> None:
    suggestion = findings.suggestion(
        definition.provider, definition.name, today=datetime.now(UTC).date()
    )
    if as_json:
        found = [each.to_dict() for each in findings.found]
        print_json({"requests": requests, "found": found, "suggestion": suggestion})
        return
    # Only the last column wraps, so these share one: a third would break letter by letter.
    rows = [
        {
            "question": each.question,
            "answer": (each.answer or "unknown") + (f" ({each.how})" if each.how else ""),
        }
        for each in findings.found
    ]
    show(table(rows))
    note(f"{requests} of at most {MOST_REQUESTS} requests were sent")
    if suggestion:
        say("For the file:")
        show(Text(suggestion))
