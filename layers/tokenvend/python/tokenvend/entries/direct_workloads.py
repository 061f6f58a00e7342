"""Direct invocation through the alias that workloads share: each request brings its token."""

from collections.abc import Mapping
from typing import Any

from tokenvend.domain.connection_request import ConnectionRequest
from tokenvend.domain.errors import InvalidRequestError, UnsupportedGrantTypeError
from tokenvend.domain.request import EXCHANGE_PARAMETERS, TOKEN_EXCHANGE, Rejection, VendRequest
from tokenvend.domain.workload.exchange_request import SubjectToken, parse_subject_token
from tokenvend.entries.direct import parse_direct_request

#: The frames that a request may stand in; see `entries.direct`.
_FRAMES = ("reject", "connections")


def parse_direct_exchange(
    event: object,
) -> tuple[SubjectToken, VendRequest | Rejection | ConnectionRequest]:
    """One request, and the token that is to prove who makes it (RFC 8693 §2.1).

    The token stands beside the request's own fields, within its frame if it has one.

    Raises:
        InvalidRequestError, InvalidTargetError: the request is malformed.
    """
    frame = next((name for name in _FRAMES if _is_framed(event, name)), None)
    fields = event[frame] if isinstance(event, Mapping) and frame else event
    if not isinstance(fields, Mapping):
        raise InvalidRequestError("A request is a JSON object.", rule="request.shape")
    if fields.get("grant_type") != TOKEN_EXCHANGE:
        raise UnsupportedGrantTypeError(
            f"grant_type must be {TOKEN_EXCHANGE}: this alias proves nobody.",
            rule="request.grant_type",
        )
    exchange = EXCHANGE_PARAMETERS | {"grant_type"}
    rest: dict[str, Any] = {key: value for key, value in fields.items() if key not in exchange}
    request = parse_direct_request({frame: rest} if frame else rest)
    return parse_subject_token(fields), request


def _is_framed(event: object, name: str) -> bool:
    return isinstance(event, Mapping) and event.keys() == {name}
