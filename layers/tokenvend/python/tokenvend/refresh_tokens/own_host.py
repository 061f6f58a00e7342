"""The endpoints at which a consent's refresh token is redeemed and revoked."""

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import ConsentRequiredError
from tokenvend.domain.tenant_binding import NotBoundError, TenantBinding, bound_definition


def definition_at(
    definition: CredentialDefinition, tenant: TenantBinding | None
) -> CredentialDefinition:
    """*definition* with the endpoints of the host at which a consent was given.

    Raises:
        ConsentRequiredError: they do not go together any more: only a new connection does.
    """
    try:
        return bound_definition(definition, tenant)
    except NotBoundError:
        raise ConsentRequiredError(rule="connection.tenant_value") from None
