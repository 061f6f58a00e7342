"""Which fields a credential's secret has."""

from tokenvend.domain.registry import ClientAuthentication, CredentialDefinition, CredentialKind


def secret_fields(definition: CredentialDefinition) -> tuple[str, ...]:
    """The names of the fields, in the order in which a person is asked for them."""
    if definition.kind is CredentialKind.API_KEY:
        return ("api_key",)
    proof = _proof(definition)
    return proof if definition.client_id is not None else ("client_id", *proof)


def optional_secret_fields(definition: CredentialDefinition) -> frozenset[str]:
    """The names of the fields that it may have too."""
    if definition.kind is CredentialKind.API_KEY:
        return frozenset()
    if "private_key" in _proof(definition):
        return frozenset({"client_id", "key_id"})
    return frozenset({"client_id"})


def _proof(definition: CredentialDefinition) -> tuple[str, ...]:
    if definition.client_authentication is not ClientAuthentication.PRIVATE_KEY_JWT:
        return ("client_secret",)
    signs_in_kms = definition.assertion is not None and definition.assertion.kms_keys
    return () if signs_in_kms else ("private_key",)
