"""Which fields a credential's secret has."""

from tokenvend.domain.registry import CredentialDefinition, CredentialKind


def secret_fields(definition: CredentialDefinition) -> tuple[str, ...]:
    """The names of the fields, in the order in which a person is asked for them."""
    if definition.kind is CredentialKind.API_KEY:
        return ("api_key",)
    if definition.client_id is None:
        return ("client_id", "client_secret")
    return ("client_secret",)
