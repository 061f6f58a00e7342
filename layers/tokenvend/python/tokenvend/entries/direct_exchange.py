"""Parse direct invocations with a subject token (RFC 8693 §2.1).

Through the alias that workloads share, the token proves the caller. Through a caller's own alias,
it is that of the caller's signed-in user. It is beside the request's own fields, within `reject` or
`connections` if the request is.
"""

from collections.abc import Mapping
from typing import Any

from tokenvend.domain.connection_request import CallerRequest
from tokenvend.domain.errors import InvalidRequestError, UnsupportedGrantTypeError
from tokenvend.domain.request import EXCHANGE_PARAMETERS, TOKEN_EXCHANGE, ForUser
from tokenvend.domain.workload.exchange_request import SubjectToken, parse_subject_token
from tokenvend.entries.direct import FRAMES, parse_direct

_EXCHANGE = EXCHANGE_PARAMETERS | {"grant_type"}


def parse_direct_exchange(event: object) -> tuple[SubjectToken, CallerRequest]:
    """Parse one request, and the subject token that proves its caller once it is verified.

    Raises:
        UnsupportedGrantTypeError: `grant_type` is not that of a token exchange.
        InvalidRequestError, InvalidTargetError: the request is malformed.
    """
    exchange, rest = _split(event)
    if exchange.get("grant_type") != TOKEN_EXCHANGE:
        raise UnsupportedGrantTypeError(
            f"grant_type must be {TOKEN_EXCHANGE}: this alias proves nobody.",
            rule="request.grant_type",
        )
    request = parse_direct(rest)
    return parse_subject_token(exchange), request


def parse_direct_for_user(event: object) -> ForUser[CallerRequest]:
    """Parse one request, with the token of its signed-in user.

    Raises:
        UnsupportedGrantTypeError: `grant_type` is not that of a token exchange.
        InvalidRequestError, InvalidTargetError: the request is malformed.
    """
    exchange, rest = _split(event)
    if exchange.get("grant_type", TOKEN_EXCHANGE) != TOKEN_EXCHANGE:
        raise UnsupportedGrantTypeError(
            f"grant_type must be {TOKEN_EXCHANGE} where a subject_token is.",
            rule="request.grant_type",
        )
    request = parse_direct(rest, for_user=True)
    return ForUser(request, parse_subject_token(exchange))


def _split(event: object) -> tuple[Mapping[str, Any], object]:
    """Split *event* into the parameters of the token exchange, and the request without them."""
    if isinstance(event, Mapping) and event.keys() in FRAMES:
        ((frame, fields),) = event.items()
        exchange, rest = _split_fields(fields)
        return exchange, {frame: rest}
    return _split_fields(event)


def _split_fields(fields: object) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if not isinstance(fields, Mapping):
        raise InvalidRequestError("A request is a JSON object.", rule="request.shape")
    exchange = {name: value for name, value in fields.items() if name in _EXCHANGE}
    return exchange, {name: value for name, value in fields.items() if name not in _EXCHANGE}
