"""The values that a connection was started with, and the host that they led to then.

Both stay for the connection's whole life. So neither a changed file nor a new consent sends its
refresh token, and the client's secret with it, to another host.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tokenvend.domain.registry import CredentialDefinition

#: Before the name of a value, in a request that starts a connection.
PARAMETER_PREFIX = "tenant."


@dataclass(frozen=True, slots=True)
class TenantBinding:
    """A customer's own values, and the host of the token endpoint with them in it."""

    values: Mapping[str, str]
    host: str


class NotBoundError(ValueError):
    """A definition and a connection do not go together. The text quotes no value."""


def start_binding(
    definition: CredentialDefinition,
    given: Mapping[str, str],
    former: TenantBinding | None,
) -> TenantBinding | None:
    """The binding of a connection that is started with the values *given*; `None`: it needs none.

    *former* is that of the connection of the same name, whose host it keeps.

    Raises:
        NotBoundError: a value is missing, unknown, does not fit, or is another than before.
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
    """*definition* for the connection of *binding*.

    Raises:
        NotBoundError: its values do not fit the definition, or lead to another host by now.
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
    # Only a connection with values of its own needs it.
    from tokenvend.domain.tenant_values import TenantValueError, bind, checked_values

    try:
        checked_values(definition.tenant_values, values)
        return bind(definition, values)
    except TenantValueError as error:
        raise NotBoundError(f"{PARAMETER_PREFIX}{error}") from None


def _host_of(definition: CredentialDefinition) -> str:
    # What is asked for a token from memory does without the parts that build requests.
    from tokenvend.domain.oauth.token_request import host_of

    return host_of(definition.token_endpoint)
