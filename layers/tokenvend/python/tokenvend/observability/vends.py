"""One line for each vend: the audit record and the metric together.

The metric's dimensions are few (service, entry, source, outcome) because every combination
costs money for as long as it exists; who asked for what is in the line's fields. Only what fails
is counted by credential, beside a sum over all that an alarm can watch. A token appears as its
SHA-256, and nothing else of it.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache
from json import JSONEncoder
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from tokenvend.domain.errors import (
    CredentialNotReadyError,
    ProviderRefusedError,
    TokenVendError,
)
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.request import Rejection, VendRequest
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.token import SecretStage
from tokenvend.domain.untrusted import Distrust
from tokenvend.vending.vended import Vended

if TYPE_CHECKING:  # what a vend does not do, it does not load
    from tokenvend.vending.reject import RejectOutcome
    from tokenvend.vending.renew import Renewal
    from tokenvend.vending.sweep import Changed

NAMESPACE = SERVICE = "tokenvend"
_NO_SOURCE = "none"
_ENCODER = JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=str)


@cache
def logger() -> Logger:
    """The one logger of an environment; its level is `POWERTOOLS_LOG_LEVEL`.

    Powertools would make an encoder for each line, and look for JSON in each message.
    """
    return Logger(
        service=SERVICE,
        location=None,
        utc=True,
        use_rfc3339=True,
        json_serializer=_ENCODER.encode,
        json_deserializer=str,
    )


def audit_vended(
    proof: Proof, request: VendRequest, vended: Vended, *, now: datetime, request_id: str
) -> None:
    """Record that a token was handed out."""
    token = vended.answer.token
    fields = _asked(proof.entry, proof, request) | {
        "caller": vended.decision.caller.name,
        "scope": format_scope(token.scopes),
        "rule": "granted",
        "token_sha256": token.access_token.sha256,
        "request_id": request_id,
    }
    if vended.decision.observed_scopes:
        fields["observed_scope"] = format_scope(vended.decision.observed_scopes)
    if vended.failed is not None:
        fields["replacement_failed"] = vended.failed.rule
    if token.secret_stage is not SecretStage.CURRENT:
        fields["secret_stage"] = token.secret_stage.value
    metric = metric_of(_dimensions(proof.entry, vended.answer.source.value, "vended"), now)
    if vended.failed is not None and _is_failure(vended.failed):
        metric = _with_failure(metric, request.credential)
    _write(logging.INFO, "vend", fields | metric)


def audit_refused(
    entry: Entry,
    proof: Proof | None,
    request: VendRequest | None,
    error: TokenVendError,
    *,
    now: datetime,
    request_id: str,
) -> None:
    """Record that a request got no token, and by which rule."""
    fields = _asked(entry, proof, request) | {
        "caller": error.caller,
        "rule": error.rule,
        "reason": error.description,
        "request_id": request_id,
    }
    if isinstance(error, ProviderRefusedError):
        fields["provider_error"] = error.provider_error
    metric = metric_of(_dimensions(entry, _NO_SOURCE, error.code), now)
    if request is not None and _is_failure(error):
        metric = _with_failure(metric, request.credential)
    _write(logging.WARNING, "vend", fields | metric)


def _write(level: int, message: str, fields: dict[str, Any]) -> None:
    """Hand one line to Powertools' own handler.

    `Logger.info` would first walk the stack to learn who called it, which no line of ours
    says: a sixth of the whole cost of an answer from memory.
    """
    log = logger()
    if level >= log.log_level:
        record = {"levelno": level, "levelname": logging.getLevelName(level), "msg": message}
        log.registered_handler.handle(logging.makeLogRecord(record | fields))


def audit_rejected(
    proof: Proof, rejection: Rejection, outcome: RejectOutcome, *, now: datetime, request_id: str
) -> None:
    """Record that a caller reported a token as refused by an API."""
    fields = _asked(proof.entry, proof, rejection.request) | {
        "token_sha256": rejection.token_sha256,
        "request_id": request_id,
    }
    dimensions = {"entry": proof.entry.value, "outcome": outcome.value}
    logger().info("reject", extra=fields | metric_of(dimensions, now, name="Rejections"))


def audit_renewed(renewal: Renewal) -> None:
    """Record what became of a scheduled renewal."""
    fields: dict[str, Any] = {"key": renewal.key}
    if renewal.spec is not None:
        fields |= {"credential": renewal.spec.credential, "tenant": renewal.spec.tenant}
    if renewal.token is not None:
        fields["token_sha256"] = renewal.token.access_token.sha256
    if renewal.failed is not None:
        fields |= {"rule": renewal.failed.rule, "reason": renewal.failed.description}
    if isinstance(renewal.failed, ProviderRefusedError):
        fields["provider_error"] = renewal.failed.provider_error
    metric = metric_of({"outcome": renewal.outcome.value}, datetime.now(UTC), name="Renewals")
    if renewal.spec is not None and renewal.failed is not None:
        metric = _with_failure(metric, renewal.spec.credential)
    log = logger().info if renewal.failed is None else logger().warning
    log("renewal", extra=fields | metric)


def audit_changed_secret(changed: Changed) -> None:
    """Record that a secret was found changed, and its tokens marked for replacement."""
    metric = metric_of({}, datetime.now(UTC), name="ChangedSecrets")
    fields = {"credential": changed.credential, "tenant": changed.tenant}
    logger().info("changed secret", extra=fields | metric)


def _asked(entry: Entry, proof: Proof | None, request: VendRequest | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"entry": entry.value}
    if proof is not None:
        fields["identity"] = proof.identity
    if request is not None:
        fields["credential"] = request.credential
        fields["tenant"] = request.tenant
        if request.connection is not None:
            fields["connection"] = request.connection
        fields["asked_scope"] = None if request.scopes is None else format_scope(request.scopes)
    return fields


def _dimensions(entry: Entry, source: str, outcome: str) -> dict[str, str]:
    return {"entry": entry.value, "source": source, "outcome": outcome}


def metric_of(dimensions: dict[str, str], now: datetime, *, name: str = "Vends") -> dict[str, Any]:
    """A count of one in CloudWatch's embedded metric format, as fields of the line itself."""
    count = _count_of_one(name, tuple(dimensions.items()))
    return count | {"_aws": count["_aws"] | {"Timestamp": int(now.timestamp() * 1000)}}


def _is_failure(error: TokenVendError) -> bool:
    """Whether *error* is a credential's trouble at its provider, and no caller's mistake."""
    return isinstance(error, ProviderRefusedError | CredentialNotReadyError) or (
        error.rule.startswith("provider.")
    )


def _with_failure(metric: dict[str, Any], credential: str) -> dict[str, Any]:
    """*metric*, and a count of one failure: by credential, and summed over all of them."""
    failure = _count_of_one("Failures", (("credential", credential),))
    (directive,) = failure["_aws"]["CloudWatchMetrics"]
    summed = directive | {"Dimensions": [*directive["Dimensions"], ["service"]]}
    aws = metric["_aws"]
    both = {**aws, "CloudWatchMetrics": [*aws["CloudWatchMetrics"], summed]}
    return metric | failure | {"_aws": both}


@cache
def _count_of_one(name: str, dimensions: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Powertools' form of the metric. Combinations are few, and each takes 50 µs to build."""
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    for dimension, value in dimensions:
        metrics.add_dimension(name=dimension, value=value)
    return dict(metrics.serialize_metric_set())


def report_unusable_key(reason: str) -> None:
    """Record a key that is to be published and cannot be read."""
    metric = metric_of({"reason": "key"}, datetime.now(UTC), name="UnusableKeys")
    _write(logging.ERROR, "unusable key", {"why": reason, **metric})


def count_untrusted(item_key: str, reason: Distrust) -> None:
    """Record a stored item that was treated as absent: somebody may be at the tables."""
    dimensions = {"reason": reason.value}
    metric = metric_of(dimensions, datetime.now(UTC), name="UntrustedItems")
    _write(logging.ERROR, "untrusted item", {"item": item_key, **metric})
