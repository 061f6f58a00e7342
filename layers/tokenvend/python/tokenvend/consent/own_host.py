"""Apply a connection's own host, and refuse one that the configuration does not allow."""

from dataclasses import replace

from tokenvend.consent.permission import ConsentGrant
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_request import ConnectionRequest
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.errors import InvalidRequestError
from tokenvend.domain.tenant_binding import (
    NotBoundError,
    TenantBinding,
    bound_definition,
    start_binding,
)

_RULE = "connection.tenant_value"


def started_at(
    permit: ConsentGrant, request: ConnectionRequest, before: Connection | None
) -> TenantBinding | None:
    """Return the host and values for a new connection; *before* has the same name, if it exists.

    Raises:
        InvalidRequestError: a value is missing, unknown, does not fit, or is another than before.
    """
    consent = before.consent if before else None
    try:
        return start_binding(
            permit.definition, request.tenant_values, consent.tenant if consent else None
        )
    except NotBoundError as error:
        raise InvalidRequestError(f"{error}.", rule=_RULE) from None


def permit_at(permit: ConsentGrant, session: ConsentSession) -> ConsentGrant:
    """Return *permit* with its endpoints at the host for which *session* was started.

    Raises:
        InvalidRequestError: the file has changed, and they do not go together any more.
    """
    try:
        definition = bound_definition(permit.definition, session.tenant)
    except NotBoundError as error:
        raise InvalidRequestError(f"{error}.", rule=_RULE, caller=permit.caller.name) from None
    authorization = definition.authorization or permit.authorization
    return replace(permit, definition=definition, authorization=authorization)
