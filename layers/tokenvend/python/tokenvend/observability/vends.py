"""Audit lines for vends: one line is both the audit record and the metric.

The fields say which caller requested what. Of a token, a line holds its SHA-256 and nothing else.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tokenvend.domain.errors import (
    CredentialNotReadyError,
    ProviderRefusedError,
    SubjectTokenError,
    TokenVendError,
    TooManyRequestsError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.request import RejectionReport, VendRequest
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.token import SecretStage
from tokenvend.observability.log import subject_fields, write
from tokenvend.observability.metric import metric_of, with_failure, with_over_limit
from tokenvend.vending.vend_result import VendResult

if TYPE_CHECKING:  # a vend does not need it, so it does not load it
    from tokenvend.vending.reject import RejectOutcome

_NO_SOURCE = "none"
_TOO_MANY = "too_many_requests"


def audit_vended(
    proof: Proof, request: VendRequest, vended: VendResult, *, now: datetime, request_id: str
) -> None:
    """Record that a token was handed out."""
    token = vended.answer.token
    fields = _request_fields(proof.entry, proof, request) | {
        "caller": vended.decision.caller.name,
        "scope": format_scope(token.scopes),
        "rule": "granted",
        "token_sha256": token.access_token.sha256,
        "request_id": request_id,
    }
    if vended.decision.connection is not None and request.user is not None:
        fields["connection"] = request.connection_name
    if vended.decision.observed_scopes:
        fields["observed_scope"] = format_scope(vended.decision.observed_scopes)
    if vended.failed is not None:
        fields["replacement_failed"] = vended.failed.rule
        if isinstance(vended.failed, ProviderRefusedError):
            fields["provider_error"] = vended.failed.provider_error
    if token.secret_stage is not SecretStage.CURRENT:
        fields["secret_stage"] = token.secret_stage.value
    metric = metric_of(_dimensions(proof.entry, vended.answer.source.value, "vended"), now)
    if vended.failed is not None and _is_failure(vended.failed):
        metric = with_failure(metric, request.credential)
    write(logging.INFO, "vend", fields | metric)


def audit_refused(
    entry: EntryPoint,
    proof: Proof | None,
    request: VendRequest | None,
    error: TokenVendError,
    *,
    now: datetime,
    request_id: str,
) -> None:
    """Record that a request got no token, and by which rule.

    If the provider refused, `provider_error` is its `error` code, or `http_401` if it gave none.
    Nothing else of its answer is written.
    """
    fields = _request_fields(entry, proof, request) | {
        "caller": error.caller,
        "rule": error.rule,
        "reason": error.description,
        "request_id": request_id,
    }
    if isinstance(error, ProviderRefusedError):
        fields["provider_error"] = error.provider_error
    if isinstance(error, SubjectTokenError) and "issuer" not in fields:
        fields |= subject_fields(error.workload)
    metric = metric_of(_dimensions(entry, _NO_SOURCE, _outcome(error)), now)
    if isinstance(error, TooManyRequestsError):
        fields["retry_after_seconds"] = error.retry_after_seconds
        if error.caller is not None:
            metric = with_over_limit(metric, error.caller)
    if request is not None and _is_failure(error):
        metric = with_failure(metric, request.credential)
    write(logging.WARNING, "vend", fields | metric)


def audit_rejected(
    proof: Proof,
    rejection: RejectionReport,
    outcome: RejectOutcome,
    *,
    now: datetime,
    request_id: str,
) -> None:
    """Record that a caller reported a token as refused by an API."""
    fields = _request_fields(proof.entry, proof, rejection.request) | {
        "token_sha256": rejection.token_sha256,
        "request_id": request_id,
    }
    dimensions = {"entry": proof.entry.value, "outcome": outcome.value}
    write(logging.INFO, "reject", fields | metric_of(dimensions, now, name="Rejections"))


def _request_fields(
    entry: EntryPoint, proof: Proof | None, request: VendRequest | None
) -> dict[str, Any]:
    fields: dict[str, Any] = {"entry": entry.value}
    if proof is not None:
        fields |= {"identity": proof.identity} | subject_fields(proof.workload)
    if request is not None:
        fields["credential"] = request.credential
        fields["tenant"] = request.tenant
        if request.connection is not None:
            fields["connection"] = request.connection
        if request.user is not None:
            fields |= subject_fields(request.user)
        fields["requested_scope"] = None if request.scopes is None else format_scope(request.scopes)
    return fields


def _dimensions(entry: EntryPoint, source: str, outcome: str) -> dict[str, str]:
    return {"entry": entry.value, "source": source, "outcome": outcome}


def _outcome(error: TokenVendError) -> str:
    """Return the outcome to count: the error's code, or `too_many_requests` over a caller's limit.

    The code of that error is `temporarily_unavailable`, as in an outage.
    """
    return _TOO_MANY if isinstance(error, TooManyRequestsError) else error.code


def _is_failure(error: TokenVendError) -> bool:
    """Whether *error* comes from the credential or its provider, not from the caller's request."""
    return isinstance(error, ProviderRefusedError | CredentialNotReadyError) or (
        error.rule.startswith("provider.")
    )
