"""`revoke`: have a provider end a token (RFC 7009)."""

import sys
from http import HTTPStatus
from typing import Annotated

import typer

from tokenvend.domain.oauth.token_request import build_revocation_request, host_of
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import is_allowed
from tokenvend.ports import ProviderAwayError
from tokenvend_cli.commands.context import AsJson, deployment_of, exits_on_error, print_json, say
from tokenvend_cli.commands.provider_access import (
    deployed_secret,
    has_own_hosts,
    provider_client,
)
from tokenvend_cli.deployment.secret_status import parse_secret_name
from tokenvend_cli.deployment.secrets import Secrets
from tokenvend_cli.problems import CommandError, UsageError


@exits_on_error
def revoke(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="CREDENTIAL[/TENANT]",
            help="The credential that the token is of.",
            show_default=False,
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Have the provider revoke a token, for example after a leak. Give it on standard input.

    Every token of the credential is replaced at its next use, so that no caller gets the revoked
    one. You need the right secretsmanager:GetSecretValue on the secret, as for `probe`.

    Example: tokenvend revoke sr-jobs < token.txt
    """
    deployment, target = deployment_of(context), parse_secret_name(name)
    secrets = Secrets(deployment)
    definition = secrets.definitions.of_secret(target)
    if definition.revocation_endpoint is None:
        raise CommandError(
            f"the file has no revocation_endpoint for {name}: revoke the token at the provider"
            " yourself"
        )
    if has_own_hosts(definition):
        raise UsageError(
            f"each connection of {name} has its own host, and a token does not say which: end its"
            f" connection with `tokenvend connections disconnect {name}/OWNER/NAME`"
        )
    token = sys.stdin.read().strip()
    if not token or len(token.split()) != 1:
        raise UsageError("give the token on standard input, and nothing else")
    secret = deployed_secret(deployment, definition, target)
    request = build_revocation_request(definition, Secret(token), secret)
    if request is None or not is_allowed(secret, host_of(request.url)):
        raise CommandError(
            f"the revocation endpoint must be at {secret.allowed_host}: the secret is sent"
            " nowhere else"
        )
    secrets.replace_tokens(target)
    try:
        status = provider_client(deployment).send(request).status
    except ProviderAwayError as error:
        raise CommandError(
            f"the provider did not answer, so the token may still be valid: {error}"
        ) from None
    if status != HTTPStatus.OK:
        raise CommandError(f"the provider answered {status}, so the token may still be valid")
    if as_json:
        print_json({"name": name, "revoked": True, "token_sha256": Secret(token).sha256})
    else:
        say(
            f"The provider has revoked the token, or does not know it. Callers of {name} get new"
            " tokens."
        )
