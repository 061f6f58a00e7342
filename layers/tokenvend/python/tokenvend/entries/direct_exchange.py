"""Direct invocations that bring a subject token (RFC 8693 §2.1).

Through the alias that workloads share, it proves who asks. Through a caller's own alias, it is that
of the caller's signed-in user. It stands beside the request's own fields, within its frame if it
has one.
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
    """One request, and the token that is to prove who makes it.

    Raises:
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
    """One request, with the token of the signed-in user whom it is for.

    Raises:
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
    """The parameters of the exchange, and the request without them."""
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
