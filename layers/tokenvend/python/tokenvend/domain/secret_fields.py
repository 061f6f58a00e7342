"""The fields of a credential's secret, by the credential's definition."""

from collections.abc import Mapping

from tokenvend.domain.api_request_description import api_request_fields
from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.oauth.request_description import placeholders
from tokenvend.domain.oauth.signed_jwt import key_field, placeholders_in_jwt
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret


def secret_fields(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return the names of the required fields, in the order in which the CLI asks for them."""
    if definition.kind is CredentialKind.API_KEY:
        return api_request_fields(definition)
    client = ("client_id",) if _names_client(definition) else ()
    named = _named(definition)
    keys = (*_certificate(definition), *_proof(definition), *_grant_key(definition))
    presented = api_request_fields(definition)
    names = dict.fromkeys((*client, *keys, *named, *presented, *_tenant_values(definition)))
    if definition.client_id is not None:
        names.pop("client_id", None)
    return tuple(names)


def optional_secret_fields(definition: CredentialDefinition) -> frozenset[str]:
    """Return the names of the fields that the secret may also have."""
    if definition.kind is CredentialKind.API_KEY:
        return frozenset()
    if "private_key" in secret_fields(definition):
        return frozenset({"client_id", "key_id"})
    return frozenset({"client_id"})


def secret_of(
    definition: CredentialDefinition,
    values: Mapping[str, str],
    *,
    allowed_host: str,
    version: str = "",
) -> ProviderSecret:
    """Build the secret from *values*, which must have each of `secret_fields`."""
    if definition.kind is CredentialKind.API_KEY:
        fields = {name: Secret(value) for name, value in values.items()}
        return ProviderSecret("", Secret(""), allowed_host, version, fields=fields)
    client_id = definition.client_id or values.get("client_id", "")
    proof = "".join(values[name] for name in _proof(definition))
    named = values if definition.client_id is None else {**values, "client_id": client_id}
    keys = (*_certificate(definition), *_grant_key(definition))
    wanted = (*_named(definition), *keys, *api_request_fields(definition))
    return ProviderSecret(
        client_id,
        Secret(proof),
        allowed_host,
        version,
        key_id=values.get("key_id"),
        fields={name: Secret(named[name]) for name in wanted},
        tenant_values={name: Secret(values[name]) for name in _tenant_values(definition)},
    )


def _named(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return the fields that a token request, or a token that we sign, has in it."""
    return (
        *placeholders(definition.token_request),
        *placeholders_in_jwt(definition.signed_jwt),
    )


def _tenant_values(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return the names of the tenant values in the secret; those of users are in connections."""
    is_users = definition.kind is CredentialKind.AUTHORIZATION_CODE
    return () if is_users else tuple(definition.tenant_values)


def _names_client(definition: CredentialDefinition) -> bool:
    """Whether each token request has a client id, even if `token_request` does not name one."""
    return (
        definition.client_authentication is not ClientAuthentication.NONE
        or definition.kind is CredentialKind.AUTHORIZATION_CODE
    )


def _proof(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return the field that authenticates the client, if there is one."""
    match definition.client_authentication:
        case ClientAuthentication.NONE:
            return ()
        case ClientAuthentication.PRIVATE_KEY_JWT:
            return () if _signs_elsewhere(definition) else ("private_key",)
        case ClientAuthentication.TLS_CLIENT_AUTH:
            # A private key authenticates the client in TLS: see `_certificate`.
            return ()
        case _:
            return ("client_secret",)


def _certificate(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return the fields of a client certificate, for TLS or for its thumbprint in assertions."""
    if definition.client_authentication is ClientAuthentication.TLS_CLIENT_AUTH:
        return ("certificate", "private_key")
    assertion = definition.assertion
    return ("certificate",) if assertion is not None and assertion.names_certificate else ()


def _grant_key(definition: CredentialDefinition) -> tuple[str, ...]:
    """Return the field with the key that signs a grant's assertion or the token itself, if any."""
    if definition.signed_jwt:
        key = key_field(definition)
        return (key,) if key else ()
    is_signed = "assertion" in definition.token_request and not _signs_elsewhere(definition)
    return ("private_key",) if is_signed else ()


def _signs_elsewhere(definition: CredentialDefinition) -> bool:
    """Whether a key in KMS, or AWS itself, signs, so that the secret has no private key."""
    assertion = definition.assertion
    return assertion is not None and (bool(assertion.kms_keys) or assertion.aws_identity)
