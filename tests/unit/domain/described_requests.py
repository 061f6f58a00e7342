"""Token requests of a definition with a described request, for tests to look at."""

from dataclasses import replace
from typing import Any

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import ClientAuthentication, CredentialDefinition
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    build_token_request,
)
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret

DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/token",
    client_authentication=ClientAuthentication.NONE,
    revocation_endpoint="https://a.example/revoke",
)
SPEC = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)


def request_as(described: dict[str, Any], **fields: str) -> ProviderRequest:
    """Return the token request that *described* makes with *fields* of the secret."""
    definition = replace(DEFINITION, token_request=described)
    secret = ProviderSecret(
        "", Secret(""), "a.example", fields={name: Secret(each) for name, each in fields.items()}
    )
    return build_token_request(definition, SPEC, secret)
