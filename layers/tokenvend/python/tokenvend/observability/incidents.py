"""Lines about incidents that an operator should look at, and that concern no single caller."""

import logging
from datetime import UTC, datetime

from tokenvend.domain.untrusted import Distrust
from tokenvend.observability.log import write
from tokenvend.observability.metric import metric_of


def report_unusable_key(reason: str) -> None:
    """Record that a signing key's public half, which should be published, cannot be read."""
    metric = metric_of({"reason": "key"}, datetime.now(UTC), name="UnusableKeys")
    write(logging.ERROR, "unusable key", {"why": reason, **metric})


def count_untrusted(item_key: str, reason: Distrust) -> None:
    """Record that a stored item was treated as absent: somebody may have altered the tables."""
    dimensions = {"reason": reason.value}
    metric = metric_of(dimensions, datetime.now(UTC), name="UntrustedItems")
    write(logging.ERROR, "untrusted item", {"item": item_key, **metric})


def count_aws_failure(service: str, operation: str, failure: str, code: str) -> None:
    """Record a call that AWS refused, throttled or did not answer; *code* is AWS's error code."""
    metric = metric_of(
        {"source": service, "outcome": failure}, datetime.now(UTC), name="AwsFailures"
    )
    fields = {"operation": operation, "code": code}
    write(logging.WARNING, "AWS call failed", fields | metric)
