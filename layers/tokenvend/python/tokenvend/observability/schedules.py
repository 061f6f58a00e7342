"""One line for each thing that a schedule renews, or finds changed."""

from datetime import UTC, datetime
from typing import Any

from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.observability.log import logger
from tokenvend.observability.metric import metric_of, with_failure
from tokenvend.vending.renew import Renewal
from tokenvend.vending.sweep import Changed


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
        metric = with_failure(metric, renewal.spec.credential)
    log = logger().info if renewal.failed is None else logger().warning
    log("renewal", extra=fields | metric)


def audit_changed_secret(changed: Changed) -> None:
    """Record that a secret was found changed, and its tokens marked for replacement."""
    metric = metric_of({}, datetime.now(UTC), name="ChangedSecrets")
    fields = {"credential": changed.credential, "tenant": changed.tenant}
    logger().info("changed secret", extra=fields | metric)
