"""Bind a connection to the tenant values it was started with, and to their token endpoint's host.

Both stay the same as long as the connection exists. So neither a changed `tokenvend.yaml` nor a new
consent can send its refresh token, and with it the client's secret, to another host.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.names import TENANT_PARAMETER_PREFIX


@dataclass(frozen=True, slots=True)
class TenantBinding:
    """A customer's own values, and the host of the token endpoint that they give."""

    values: Mapping[str, str]
    host: str


class NotBoundError(ValueError):
    """A definition does not fit a connection's values or host. The text quotes no value."""


def start_binding(
    definition: CredentialDefinition,
    given: Mapping[str, str],
    former: TenantBinding | None,
) -> TenantBinding | None:
    """Return the binding of a connection that is started with the values *given*.

    `None` if the definition has no tenant values. *former* is the binding of an existing connection
    of the same name: its values are used if none are given, and it cannot be changed.

    Raises:
        NotBoundError: a value is missing, unknown, does not fit, or differs from *former*.
    """
    if not definition.tenant_values and not given:
        return None
    values = given or (former.values if former else {})
    bound = _bound(definition, values)
    binding = TenantBinding(dict(values), _host_of(bound))
    if former not in (None, binding):
        raise NotBoundError(
            "the connection is at another host, or another customer's: disconnect it first"
        )
    return binding


def bound_definition(
    definition: CredentialDefinition, binding: TenantBinding | None
) -> CredentialDefinition:
    """Return *definition* with the values of *binding* in its endpoints.

    Raises:
        NotBoundError: the values do not fit the definition, or now give another host.
    """
    if binding is None and not definition.tenant_values:
        return definition
    if binding is None:
        raise NotBoundError("the connection was started without a host of its own")
    bound = _bound(definition, binding.values if definition.tenant_values else {})
    if _host_of(bound) != binding.host:
        raise NotBoundError("the connection was started at another host")
    return bound


def _bound(definition: CredentialDefinition, values: Mapping[str, str]) -> CredentialDefinition:
    # Imported here because only connections with values of their own need it.
    from tokenvend.domain.tenant_values import TenantValueError, bind, checked_values

    try:
        checked_values(definition.tenant_values, values)
        return bind(definition, values)
    except TenantValueError as error:
        raise NotBoundError(f"{TENANT_PARAMETER_PREFIX}{error}") from None


def _host_of(definition: CredentialDefinition) -> str:
    # Imported here because a request that is answered from memory needs no token request.
    from tokenvend.domain.oauth.token_request import host_of

    return host_of(definition.token_endpoint)
