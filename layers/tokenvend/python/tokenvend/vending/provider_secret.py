"""Read a credential's secret, if it may go where its definition sends it."""

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import (
    ProviderSecret,
    destination_of,
    for_tenant,
    is_allowed,
)
from tokenvend.domain.token import SecretStage
from tokenvend.ports import SecretStore, SecretUnusableError, StoreAwayError


def read_secret(
    secrets: SecretStore,
    definition: CredentialDefinition,
    tenant: str | None,
    *,
    stage: SecretStage = SecretStage.CURRENT,
) -> ProviderSecret:
    """The secret in *stage*, read past every cache.

    Raises:
        CredentialNotReadyError: it is missing, or may not go to this host.
        TemporarilyUnavailableError: Secrets Manager does not answer.
    """
    try:
        secret = secrets.read(definition, tenant, stage=stage)
    except SecretUnusableError as error:
        raise CredentialNotReadyError(str(error), rule="secret.unusable") from None
    except StoreAwayError:
        raise TemporarilyUnavailableError(
            "Secrets Manager does not answer; ask again.", rule="secret.away"
        ) from None
    if not is_allowed(secret, destination_of(for_tenant(definition, secret))):
        raise CredentialNotReadyError(
            "The credential's secret may not be sent to the host in its definition.",
            rule="secret.host",
        )
    return secret
