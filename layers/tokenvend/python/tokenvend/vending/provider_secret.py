"""Read a credential's secret, if it may be sent where its definition sends it."""

from collections.abc import Callable

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret_destination import may_be_used
from tokenvend.domain.token import AccessToken, SecretStage
from tokenvend.ports import SecretStore, SecretUnusableError, StoreAwayError


def read_secret(
    secrets: SecretStore,
    definition: CredentialDefinition,
    tenant: str | None,
    *,
    stage: SecretStage = SecretStage.CURRENT,
) -> ProviderSecret:
    """Read the secret in *stage* without any cache, and check its destination.

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
    if not may_be_used(secret, definition):
        raise CredentialNotReadyError(
            "The credential's secret may not be sent to where its definition sends it.",
            rule="secret.host",
        )
    return secret


def token_presenter(
    definition: CredentialDefinition, secret: ProviderSecret
) -> Callable[[AccessToken], AccessToken]:
    """Return a function that sets how a token of *definition* is sent to its API; it cannot fail.

    Make it before the token is requested: a value that cannot be sent must cost no refresh token.

    Raises:
        CredentialNotReadyError: *secret* does not fit the definition.
    """
    if not definition.api_request:
        return _as_bearer
    # Imported here: most tokens are bearer tokens.
    from tokenvend.domain import api_request

    return api_request.token_presenter(definition, secret)


def _as_bearer(token: AccessToken) -> AccessToken:
    return token
