"""The functions for callers: read who calls and what for, call the use case, log, answer.

What proves the caller is read in `http` (IAM signature), `form` (client id and secret) and `direct`
(alias), or verified by `vending/workloads` (subject token). The registry is read by it, and
`domain/decision` checks it against the caller that was found.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tokenvend.composition.root import composition_root
from tokenvend.composition.snapshot import after_restore
from tokenvend.domain.connection_request import CallerRequest, ConnectionRequest
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.request import ACCESS_TOKEN_TYPE, ForUser, RejectionReport, VendRequest
from tokenvend.entries.alias import is_workloads_alias, require_live
from tokenvend.entries.context import Context
from tokenvend.entries.direct import (
    RetryableError,
    batch_of,
    direct_error,
    parse_direct_request,
    prove_alias,
)
from tokenvend.entries.http import http_answer, http_error
from tokenvend.observability.vends import audit_refused, audit_rejected, audit_vended
from tokenvend.vending.vendor import Vendor

if TYPE_CHECKING:  # imported at run time only for requests with a subject token
    from tokenvend.domain.users import UserToken
    from tokenvend.domain.workload.exchange_request import SubjectToken

type Parsed = tuple[Proof | "SubjectToken", CallerRequest | ForUser[CallerRequest]]
type Parse = Callable[[Mapping[str, Any]], Parsed]


def prepare() -> None:
    """Build in INIT what nearly every request needs, because INIT has a full CPU.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """
    _vendor()
    after_restore(_vendor)


def _vendor() -> Vendor:
    return composition_root().vendor


def handle_http(
    entry: EntryPoint, parse: Parse, event: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """Answer one API Gateway proxy event."""
    proof = request = None
    try:
        require_live(context.invoked_function_arn)
        found, parsed = parse(event)
        request = _without_user(parsed)
        proof = (
            found if isinstance(found, Proof) else composition_root().workloads.prove(found, entry)
        )
        request, user_token = _with_user(parsed)
        return http_answer(_answer(proof, request, context, user_token))
    except TokenVendError as error:
        _record_refusal(entry, proof, request, error, context)
        return http_error(error, entry)


def handle_direct(event: object, context: Context) -> dict[str, Any]:
    """Answer one direct invocation, single or batch.

    Raises:
        RetryableError: a single request failed in a way that a retry may cure.
    """
    try:
        proof = _proof_by_alias(context.invoked_function_arn)
        requests = batch_of(event)
    except TokenVendError as error:
        _record_refusal(EntryPoint.DIRECT, None, None, error, context)
        return direct_error(error)
    if requests is not None:
        return {"answers": [_answer_direct(proof, request, context) for request in requests]}
    answer = _answer_direct(proof, event, context)
    if answer.get("retryable"):
        raise RetryableError(json.dumps(answer))
    return answer


def _proof_by_alias(invoked_function_arn: str) -> Proof | None:
    """Return what the alias proves; `None` if it is the alias that workloads share."""
    return None if is_workloads_alias(invoked_function_arn) else prove_alias(invoked_function_arn)


def _answer_direct(proof: Proof | None, event: object, context: Context) -> dict[str, Any]:
    request = user_token = None
    try:
        if proof is None:
            from tokenvend.entries.direct_exchange import parse_direct_exchange

            subject, request = parse_direct_exchange(event)
            proof = composition_root().workloads.prove(subject, EntryPoint.DIRECT)
        else:
            parsed = parse_direct_request(event)
            request = _without_user(parsed)
            request, user_token = _with_user(parsed)
        return _answer(proof, request, context, user_token)
    except TokenVendError as error:
        _record_refusal(EntryPoint.DIRECT, proof, request, error, context)
        return direct_error(error)


def _without_user(parsed: CallerRequest | ForUser[CallerRequest]) -> CallerRequest:
    """Return the request without its user, for the audit line if the user's token is refused."""
    return parsed.request if isinstance(parsed, ForUser) else parsed


def _with_user(
    parsed: CallerRequest | ForUser[CallerRequest],
) -> tuple[CallerRequest, "UserToken | None"]:
    """Verify the user's token that came with the request, if one did.

    Return the request with its user, and the verified token or `None`.

    Raises:
        SubjectTokenError: the token is not a valid one of a user issuer.
        TemporarilyUnavailableError: the registry or the issuer is away.
    """
    if not isinstance(parsed, ForUser):
        return parsed, None
    from tokenvend.domain.users import with_user

    user, user_token = composition_root().users.verify(parsed.subject)
    return with_user(parsed.request, user), user_token


def _answer(
    proof: Proof, request: CallerRequest, context: Context, user_token: "UserToken | None"
) -> dict[str, Any]:
    if isinstance(request, ConnectionRequest):
        return _connect(proof, request, context)
    if isinstance(request, RejectionReport):
        return _reject(proof, request, context)
    return _vend(proof, request, context, user_token)


def _vend(
    proof: Proof, request: VendRequest, context: Context, user_token: "UserToken | None"
) -> dict[str, Any]:
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    vended = _vendor().vend(proof, request, time_left=left, user_token=user_token)
    audit_vended(
        proof, request, vended, now=vended.answer.answered_at, request_id=context.aws_request_id
    )
    if proof.workload is None and request.user is None:
        return vended.answer.to_dict()
    # RFC 8693 §2.2.1.
    return vended.answer.to_dict() | {"issued_token_type": ACCESS_TOKEN_TYPE}


def _reject(proof: Proof, rejection: RejectionReport, context: Context) -> dict[str, Any]:
    outcome = composition_root().rejection_recorder.reject(proof, rejection)
    audit_rejected(
        proof, rejection, outcome, now=datetime.now(UTC), request_id=context.aws_request_id
    )
    return {"outcome": outcome.value, "token_sha256": rejection.token_sha256}


def _connect(proof: Proof, request: ConnectionRequest, context: Context) -> dict[str, Any]:
    # Imported here because only requests about connections need it.
    from tokenvend.entries.connection_answer import connection_answer
    from tokenvend.observability.consents import audit_connection

    outcome = composition_root().connections.run(proof, request)
    audit_connection(proof, request, now=datetime.now(UTC), request_id=context.aws_request_id)
    return connection_answer(outcome)


def _record_refusal(
    entry: EntryPoint,
    proof: Proof | None,
    request: CallerRequest | None,
    error: TokenVendError,
    context: Context,
) -> None:
    if isinstance(request, ConnectionRequest):
        from tokenvend.observability.consents import audit_connection_refused

        audit_connection_refused(
            entry,
            proof,
            request,
            error,
            now=datetime.now(UTC),
            request_id=context.aws_request_id,
        )
        return
    audit_refused(
        entry,
        proof,
        request.request if isinstance(request, RejectionReport) else request,
        error,
        now=datetime.now(UTC),
        request_id=context.aws_request_id,
    )
