"""Credentials whose connections are each at their customer's own host."""

from dataclasses import replace
from typing import Any

from tests.unit.consent.harness import DEFINITION
from tests.unit.consent.refreshing import DEFINITION as REFRESHED

from tokenvend.domain.credential_definition import Authorization, CredentialDefinition
from tokenvend.domain.tenant_binding import TenantBinding

HOST = "acme.shops.example"
#: Where the client's secret may go, as its tag has it.
SECRET_HOSTS = "@any.shops.example"
VALUES = {"domain": ("*.shops.example",)}


def authorization_of(definition: CredentialDefinition) -> Authorization:
    assert definition.authorization is not None
    return definition.authorization


OWN_HOST = replace(
    DEFINITION,
    token_endpoint="https://{tenant.domain}/token",
    revocation_endpoint="https://{tenant.domain}/revoke",
    authorization=replace(
        authorization_of(DEFINITION),
        endpoint="https://{tenant.domain}/allow",
        account_endpoint="https://{tenant.domain}/me",
        parameters={"audience": "https://{tenant.domain}/api"},
    ),
    tenant_values=VALUES,
)
REFRESHED_AT_OWN_HOST = replace(
    REFRESHED,
    token_endpoint="https://{tenant.domain}/token",
    revocation_endpoint="https://{tenant.domain}/revoke",
    tenant_values=VALUES,
)
AT_HOST: dict[str, Any] = {"tenant.domain": HOST}
AT_GLOBEX: dict[str, Any] = {"tenant.domain": "globex.shops.example"}
BINDING = TenantBinding({"domain": HOST}, HOST)
