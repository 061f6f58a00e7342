"""The two HTTP entries: parse API Gateway proxy events, and build proxy answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tokenvend.domain.connection_request import (
    CallerRequest,
    parse_connection_request,
)
from tokenvend.domain.errors import (
    InvalidClientError,
    InvalidRequestError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.identity import (
    EntryPoint,
    NotAnIdentityError,
    Proof,
    identity_of_session,
)
from tokenvend.domain.request import (
    CLIENT_CREDENTIALS,
    SUBJECT_TOKEN,
    TOKEN_EXCHANGE,
    ForUser,
    parse_rejection,
    parse_vend_request,
)
from tokenvend.entries.form import has_client, prove_client, read_form

if TYPE_CHECKING:  # see `parse_oauth2_event`
    from tokenvend.domain.workload.exchange_request import SubjectToken


_REJECT_ROUTE = "/token/reject"
_CONNECTIONS_ROUTE = "/connections/{action}"
_NO_STORE = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
#: The value of `WWW-Authenticate` by entry (RFC 9110 §11.6.1). RFC 6749 §5.2 requires Basic for a
#: client that tried HTTP Basic.
_CHALLENGES = {
    EntryPoint.IAM: "AWS4-HMAC-SHA256",
    EntryPoint.OAUTH2: 'Basic realm="tokenvend", charset="UTF-8"',
}
#: Characters that an `error_description` may not have (RFC 6749 §5.2): quotes, backslashes,
#: control characters, and all beyond ASCII.
_NOT_DESCRIBABLE = re.compile(r"[^\x20\x21\x23-\x5B\x5D-\x7E]")


def parse_oauth2_event(
    event: Mapping[str, Any],
) -> tuple[Proof | SubjectToken, CallerRequest | ForUser[CallerRequest]]:
    """Parse an event of `/oauth2`: what proves the caller, and its request.

    If a client authenticates, a subject token (RFC 8693) is that of its signed-in user. If not, and
    the grant type is token exchange, it proves the caller. In both cases it is not verified yet.

    Raises:
        InvalidRequestError, InvalidClientError, InvalidTargetError: see `entries.form`.
    """
    form = read_form(event)
    is_exchange = form.get("grant_type") == TOKEN_EXCHANGE
    if is_exchange and not has_client(event, form):
        # Imported here because few callers use a subject token.
        from tokenvend.domain.workload.exchange_request import parse_subject_token

        return parse_subject_token(form), _parse(event, form, grant_type=TOKEN_EXCHANGE)
    return prove_client(event, form), _parse_maybe_for_user(event, form, is_exchange=is_exchange)


def parse_iam_event(
    event: Mapping[str, Any],
) -> tuple[Proof, CallerRequest | ForUser[CallerRequest]]:
    """Parse an event of `/iam`: the signer, and its request. API Gateway verified the signature.

    Raises:
        InvalidRequestError, InvalidTargetError: the request is malformed.
        InvalidClientError: the signer is not a role's session or an IAM user.
    """
    proof = _prove_signer(event)
    form = read_form(event)
    if not form.keys().isdisjoint({"client_id", "client_secret", "client_assertion"}):
        raise InvalidRequestError(
            "The signature already proves the caller: leave client_id and client_secret out.",
            rule="request.client_authentication",
        )
    return proof, _parse_maybe_for_user(event, form)


def http_answer(answer: Mapping[str, object]) -> dict[str, Any]:
    """Build the proxy answer with a use case's result (RFC 6749 §5.1)."""
    return {"statusCode": 200, "headers": _NO_STORE, "body": json.dumps(answer)}


def http_error(error: TokenVendError, entry: EntryPoint) -> dict[str, Any]:
    """Build the proxy answer of an error at *entry* (RFC 6749 §5.2)."""
    headers = dict(_NO_STORE)
    if isinstance(error, InvalidClientError):
        headers["WWW-Authenticate"] = _CHALLENGES[entry]
    if isinstance(error, TemporarilyUnavailableError):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return {
        "statusCode": int(error.status),
        "headers": headers,
        "body": json.dumps(error_fields(error)),
    }


def error_fields(error: TokenVendError) -> dict[str, object]:
    """Return the fields of an error answer: the same over every entry."""
    description = _NOT_DESCRIBABLE.sub("?", error.description)
    fields: dict[str, object] = {"error": error.code, "error_description": description}
    if isinstance(error, ProviderRefusedError):
        fields["provider_error"] = error.provider_error
    return fields


def _prove_signer(event: Mapping[str, Any]) -> Proof:
    identity = (event.get("requestContext") or {}).get("identity") or {}
    try:
        name = identity_of_session(identity.get("userArn") or "")
    except NotAnIdentityError:
        raise InvalidClientError(rule="entry.signer") from None
    # `user` is `AROA…:session` for a role's session and `AIDA…` for a user.
    unique_id = str(identity.get("user") or "").partition(":")[0]
    return Proof(EntryPoint.IAM, name, unique_id=unique_id or None)


def _parse_maybe_for_user(
    event: Mapping[str, Any], form: Mapping[str, Any], *, is_exchange: bool = False
) -> CallerRequest | ForUser[CallerRequest]:
    if not is_exchange and SUBJECT_TOKEN not in form:
        return _parse(event, form)
    from tokenvend.domain.workload.exchange_request import parse_subject_token

    request = _parse(event, form, grant_type=TOKEN_EXCHANGE, for_user=True)
    return ForUser(request, parse_subject_token(form))


def _parse(
    event: Mapping[str, Any],
    form: Mapping[str, Any],
    *,
    grant_type: str = CLIENT_CREDENTIALS,
    for_user: bool = False,
) -> CallerRequest:
    path = event.get("pathParameters") or {}
    credential = path.get("credential")
    # `resource` is the route as the template names it, not text that a caller sent.
    if str(event.get("resource")).endswith(_REJECT_ROUTE):
        return parse_rejection(credential, form, grant_type=grant_type)
    if str(event.get("resource")).endswith(_CONNECTIONS_ROUTE):
        return parse_connection_request(path.get("action"), credential, form, for_user=for_user)
    return parse_vend_request(credential, form, grant_type=grant_type)
