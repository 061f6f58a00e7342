"""Call a provider from the command line, as the functions do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.secrets_manager import SecretsManagerStore
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.tenant_values import TenantValueError, bind
from tokenvend.vending.provider_secret import read_secret
from tokenvend_cli.deployment.secret_status import SecretName
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError, UsageError

if TYPE_CHECKING:
    from tokenvend.vending.signing import SigningClient


def deployed_secret(
    deployment: Deployment, definition: CredentialDefinition, target: SecretName
) -> ProviderSecret:
    """Read the secret as a function does, but with the operator's own AWS rights.

    Raises:
        CommandError: it does not exist, or must not be sent to the host of its definition.
    """
    store = SecretsManagerStore(
        deployment.client("secretsmanager"),
        prefix=deployment.output("SecretPrefix"),
        deployment=deployment.output("DeploymentId"),
    )
    try:
        return read_secret(store, definition, target.tenant)
    except TokenVendError as error:
        raise CommandError(error.description) from None


def has_own_hosts(definition: CredentialDefinition) -> bool:
    """Whether each connection of the credential has its own host, and the secret names none."""
    return bool(definition.tenant_values) and definition.kind is CredentialKind.AUTHORIZATION_CODE


def at_own_host(definition: CredentialDefinition, given: Mapping[str, str]) -> CredentialDefinition:
    """Return *definition* at the host of one connection, whose tenant values are in *given*.

    Those of a family are in each tenant's secret, so its definition is returned as it is.

    Raises:
        UsageError: a value is missing, or does not match its pattern. The text does not quote it.
    """
    if not has_own_hosts(definition):
        return definition
    values = {name: given[name] for name in definition.tenant_values if name in given}
    if not values:
        raise UsageError(
            f"each connection of {definition.name} has its own host: give --secret-from-stdin, with"
            f" {' and '.join(definition.tenant_values)} and a refresh_token of one user beside the"
            " secret's fields"
        )
    try:
        return bind(definition, values)
    except TenantValueError as error:
        raise UsageError(str(error)) from None


def provider_client(deployment: Deployment) -> "SigningClient":
    """Return a provider client with the functions' limits; it signs where a credential says so."""
    from tokenvend.adapters.provider_http import RequestsProviderClient
    from tokenvend.adapters.signing.kms import KmsSigner
    from tokenvend.adapters.signing.signer import Signer
    from tokenvend.vending.signing import SigningClient

    provider = RequestsProviderClient(allow_loopback_http=deployment.is_local_stack)
    return SigningClient(provider, Signer(KmsSigner(deployment.client("kms"))), SystemClock())
