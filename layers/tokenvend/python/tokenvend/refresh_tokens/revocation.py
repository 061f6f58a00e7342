"""Revoke a token at the provider (RFC 7009), and go on if the provider does not answer."""

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import build_revocation_request, host_of
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import is_allowed
from tokenvend.ports import OAuthEndpointClient, ProviderAwayError, SecretStore
from tokenvend.vending.provider_secret import read_secret


def revoke_best_effort(
    definition: CredentialDefinition,
    token: Secret,
    *,
    secrets: SecretStore,
    provider: OAuthEndpointClient,
    hint: str,
) -> bool:
    """Revoke *token*; return whether the provider has an endpoint for that and confirmed it.

    The secret goes only to the host recorded with it, for this endpoint too.
    """
    if definition.revocation_endpoint is None:
        return False
    try:
        secret = read_secret(secrets, definition, None)
        request = build_revocation_request(definition, token, secret, hint=hint)
        if request is None or not is_allowed(secret, host_of(request.url)):
            return False
        return provider.send(request).status == 200
    except (CredentialNotReadyError, TemporarilyUnavailableError, ProviderAwayError):
        return False
