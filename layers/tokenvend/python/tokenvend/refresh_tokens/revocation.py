"""Revoke a token at the provider (RFC 7009), and go on if the provider does not answer."""

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import build_revocation_request
from tokenvend.domain.secret import Secret
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

    The secret goes only to the token endpoint's host, which is recorded with it.
    """
    if definition.revocation_endpoint is None:
        return False
    try:
        secret = read_secret(secrets, definition, None)
        request = build_revocation_request(definition, token, secret, hint=hint)
        if request is None:
            return False
        return provider.send(request).status == 200
    except (CredentialNotReadyError, TemporarilyUnavailableError, ProviderAwayError):
        return False
