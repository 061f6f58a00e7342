"""Call a provider from the command line, as the functions do."""

from typing import TYPE_CHECKING

from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.secrets_manager import SecretsManagerStore
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.vending.provider_secret import read_secret
from tokenvend_cli.deployment.secret_status import SecretName
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError, UsageError

if TYPE_CHECKING:
    from tokenvend.vending.signing import SigningClient


def deployed_secret(
    deployment: Deployment, definition: CredentialDefinition, target: SecretName
) -> ProviderSecret:
    """Return the secret as a function reads it, but with the operator's own AWS rights.

    Raises:
        CommandError: it does not exist, or must not be sent to the host of its definition.
    """
    check_one_host(definition)
    store = SecretsManagerStore(
        deployment.client("secretsmanager"),
        prefix=deployment.output("SecretPrefix"),
        deployment=deployment.output("DeploymentId"),
    )
    try:
        return read_secret(store, definition, target.tenant)
    except TokenVendError as error:
        raise CommandError(error.description) from None


def check_one_host(definition: CredentialDefinition) -> None:
    """Refuse a credential whose host differs from connection to connection.

    Raises:
        UsageError: each of its connections has a host of its own.
    """
    if definition.tenant_values and definition.kind is CredentialKind.AUTHORIZATION_CODE:
        raise UsageError(
            f"each connection of {definition.name} has a host of its own: there is none to ask"
        )


def provider_client(deployment: Deployment) -> "SigningClient":
    """Return a provider client with the functions' limits; it signs where a credential says so."""
    from tokenvend.adapters.provider_http import RequestsProviderClient
    from tokenvend.adapters.signing.kms import KmsSigner
    from tokenvend.adapters.signing.signer import Signer
    from tokenvend.vending.signing import SigningClient

    provider = RequestsProviderClient(allow_loopback_http=deployment.is_local_stack)
    return SigningClient(provider, Signer(KmsSigner(deployment.client("kms"))), SystemClock())
