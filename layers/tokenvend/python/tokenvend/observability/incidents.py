"""Lines about what an operator should look at, whichever caller it concerns."""

import logging
from datetime import UTC, datetime

from tokenvend.domain.untrusted import Distrust
from tokenvend.observability.log import write
from tokenvend.observability.metric import metric_of


def report_unusable_key(reason: str) -> None:
    """Record a key that is to be published and cannot be read."""
    metric = metric_of({"reason": "key"}, datetime.now(UTC), name="UnusableKeys")
    write(logging.ERROR, "unusable key", {"why": reason, **metric})


def count_untrusted(item_key: str, reason: Distrust) -> None:
    """Record a stored item that was treated as absent: somebody may be at the tables."""
    dimensions = {"reason": reason.value}
    metric = metric_of(dimensions, datetime.now(UTC), name="UntrustedItems")
    write(logging.ERROR, "untrusted item", {"item": item_key, **metric})


def count_aws_failure(service: str, operation: str, failure: str, code: str) -> None:
    """Record a call that AWS refused, throttled or did not answer; *code* is AWS's own."""
    metric = metric_of(
        {"source": service, "outcome": failure}, datetime.now(UTC), name="AwsFailures"
    )
    fields = {"operation": operation, "code": code}
    write(logging.WARNING, "AWS call failed", fields | metric)
