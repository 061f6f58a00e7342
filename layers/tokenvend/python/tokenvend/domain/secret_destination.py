"""Where a credential's secret may be sent: what is recorded with it when it is written.

    login.acme.example                      the token endpoint's host, with its port if it has one
    @any.acme.example login.other.example   patterns of it, if each customer has its own host
    login.acme.example @callers:api_key     ... and the field `api_key` goes to granted callers
    @callers                                an API key, whole, to granted callers

So whoever can change a definition, but not the secret, cannot redirect the secret.
"""

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.oauth.token_request import ProviderSecret, for_tenant, host_of

#: In place of a host for an API key, which goes to callers. `host_of` never returns a text with @,
#: so no host can be mistaken for it.
TO_CALLERS = "@callers"
_FIELD_TO_CALLERS = f"{TO_CALLERS}:"

#: The same as `domain.tenant_values.ANY_LABEL`, which is imported only when it is needed.
_ANY_LABEL = "@any"


def destination_of(definition: CredentialDefinition) -> str:
    """Return what is recorded with the secret of *definition*: where it is sent."""
    if definition.kind is CredentialKind.API_KEY:
        return TO_CALLERS
    fields = (f"{_FIELD_TO_CALLERS}{name}" for name in sorted(_fields_to_callers(definition)))
    return " ".join((_hosts_of(definition), *fields))


def hosts_in(recorded: str) -> str:
    """Return *recorded* without the fields that go to callers."""
    return " ".join(each for each in recorded.split() if not each.startswith(_FIELD_TO_CALLERS))


def fields_in(recorded: str) -> frozenset[str]:
    """Return the fields in *recorded* that may go to callers."""
    return frozenset(
        each.removeprefix(_FIELD_TO_CALLERS)
        for each in recorded.split()
        if each.startswith(_FIELD_TO_CALLERS)
    )


def is_allowed(secret: ProviderSecret, host: str) -> bool:
    """Whether *secret* may be sent to *host*: its `allowed_host` is or matches it."""
    recorded = hosts_in(secret.allowed_host).lower()
    if recorded == host:
        return True
    if _ANY_LABEL not in recorded and " " not in recorded:
        return False
    from tokenvend.domain.tenant_values import is_recorded

    return is_recorded(recorded, host)


def may_be_used(secret: ProviderSecret, definition: CredentialDefinition) -> bool:
    """Whether *secret* may be sent to everywhere that *definition* sends it.

    Raises:
        CredentialNotReadyError: the tenant's values in it do not fit the definition.
    """
    if not is_allowed(secret, _hosts_of(for_tenant(definition, secret))):
        return False
    if definition.kind is CredentialKind.API_KEY:
        return True
    return _fields_to_callers(definition) <= fields_in(secret.allowed_host)


def _hosts_of(definition: CredentialDefinition) -> str:
    """Return the token endpoint's host, the patterns of customers' own hosts, or `TO_CALLERS`."""
    if definition.kind is CredentialKind.API_KEY:
        return TO_CALLERS
    host = host_of(definition.token_endpoint)
    if "{" not in host:
        return host
    from tokenvend.domain.tenant_values import recorded_hosts

    return recorded_hosts(definition)


def _fields_to_callers(definition: CredentialDefinition) -> frozenset[str]:
    """Return the fields of the secret that requests to the API carry, beside the token.

    Values of a user's connection are not in the secret, so they are none of its fields.
    """
    if not definition.api_request:
        return frozenset()
    from tokenvend.domain.api_request_description import api_request_fields, tenant_values_of

    fields = frozenset(api_request_fields(definition))
    if definition.kind is CredentialKind.AUTHORIZATION_CODE:
        return fields
    return fields | tenant_values_of(definition)
