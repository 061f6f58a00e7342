"""The direct entry: `lambda:Invoke` through a caller's alias, one request or a batch."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tokenvend.domain import bounds
from tokenvend.domain.connection_request import PARAMETERS as CONNECTION_PARAMETERS
from tokenvend.domain.connection_request import (
    Action,
    CallerRequest,
    ConnectionRequest,
    is_tenant_value,
    parse_connection_request,
)
from tokenvend.domain.errors import (
    InvalidRequestError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.identity import EntryPoint, Proof, identity_of_alias
from tokenvend.domain.request import (
    PARAMETERS,
    REJECTION_PARAMETERS,
    SUBJECT_TOKEN,
    ForUser,
    parse_rejection,
    parse_vend_request,
)
from tokenvend.entries.alias import caller_alias_of
from tokenvend.entries.http import error_fields

_FIELDS = PARAMETERS | {"credential"}
#: Requests that are not for a token are within one field of these names.
FRAMES = ({"reject"}, {"connections"})

#: A proof depends on the alias's name alone, so it can be cached; most environments see few names.
_ALIASES_REMEMBERED = 64


class RetryableError(Exception):
    """A direct invocation failed in a way that a retry may cure.

    The handler raises it, so that Lambda retries an asynchronous invocation. Its text is a JSON
    object with the fields of an error answer.
    """


@lru_cache(maxsize=_ALIASES_REMEMBERED)
def prove_alias(invoked_function_arn: str) -> Proof:
    """Return the proof of the caller whose alias this invocation came through.

    Raises:
        InvalidClientError: the alias is not a caller's.
    """
    return Proof(EntryPoint.DIRECT, identity_of_alias(caller_alias_of(invoked_function_arn)))


def parse_direct_request(event: object) -> CallerRequest | ForUser[CallerRequest]:
    """Parse one request through a caller's alias, with its user's token if it has one.

    Raises:
        InvalidRequestError, InvalidTargetError: the request is malformed.
    """
    if not _has_subject_token(event):
        return parse_direct(event)
    from tokenvend.entries.direct_exchange import parse_direct_for_user

    return parse_direct_for_user(event)


def _has_subject_token(event: object) -> bool:
    if not isinstance(event, Mapping):
        return False
    if len(event) != 1:  # no frame, as in nearly every request
        return SUBJECT_TOKEN in event
    framed = next(iter(event.values())) if event.keys() in FRAMES else event
    return isinstance(framed, Mapping) and SUBJECT_TOKEN in framed


def parse_direct(event: object, *, for_user: bool = False) -> CallerRequest:
    """Parse one request of a direct invocation.

    `{"reject": {…}}` reports a token, `{"connections": {"action": …, …}}` is about connections, and
    any other object is a request for a token.

    No field names the caller. An unknown field is refused, not ignored: it is a typing error, or an
    attempt to name another caller.

    Raises:
        InvalidRequestError, InvalidTargetError: the request is malformed.
    """
    if isinstance(event, Mapping) and len(event) == 1:
        if "reject" in event:
            report = _fields(event["reject"], _FIELDS | REJECTION_PARAMETERS)
            return parse_rejection(report.get("credential"), report)
        if "connections" in event:
            return _parse_connections(event["connections"], for_user=for_user)
    fields = _fields(event, _FIELDS)
    return parse_vend_request(fields.get("credential"), fields)


def _parse_connections(event: object, *, for_user: bool) -> ConnectionRequest:
    action = event.get("action") if isinstance(event, Mapping) else None
    known = frozenset().union(*CONNECTION_PARAMETERS.values())
    if isinstance(action, str) and action in set(Action):
        known = CONNECTION_PARAMETERS[Action(action)]
        if action == Action.START and isinstance(event, Mapping):
            known |= frozenset(filter(is_tenant_value, event))
    fields = _fields(event, known | {"action", "credential"})
    return parse_connection_request(action, fields.get("credential"), fields, for_user=for_user)


def _fields(event: object, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(event, Mapping):
        raise InvalidRequestError("A request is a JSON object.", rule="request.shape")
    unknown = event.keys() - known
    if unknown:
        raise InvalidRequestError(
            f"There are {len(unknown)} fields that no request has; known are:"
            f" {', '.join(sorted(known))}.",
            rule="request.unknown_field",
        )
    return event


def batch_of(event: object) -> Sequence[object] | None:
    """Return the requests of a batch; `None` if *event* is a single request.

    Raises:
        InvalidRequestError: the batch is not a list, is empty or is too long.
    """
    # An event can be any JSON value, also a list, a text or null.
    if not isinstance(event, Mapping) or "requests" not in event:
        return None
    requests = event["requests"]
    if not isinstance(requests, list) or not 1 <= len(requests) <= bounds.BATCH_REQUESTS:
        raise InvalidRequestError(
            f"requests must be a list of 1 to {bounds.BATCH_REQUESTS}.", rule="request.batch"
        )
    if len(event) > 1:
        raise InvalidRequestError("A batch has only the field requests.", rule="request.batch")
    return requests


def direct_error(error: TokenVendError) -> dict[str, object]:
    """Return *error* as the answer of a direct invocation."""
    fields = error_fields(error) | {"retryable": error.retryable}
    if isinstance(error, TemporarilyUnavailableError):
        fields["retry_after_seconds"] = error.retry_after_seconds
    return fields
