"""Audit lines for the schedules: renewals, changed secrets, failing credentials, old aliases."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.observability.log import write
from tokenvend.observability.metric import gauge_of, metric_of, with_count, with_failure
from tokenvend.schedules.renewal import Renewal
from tokenvend.schedules.secret_sweep import SweptSecret

#: The most names that one line lists; the metric counts all of them.
_NAMED = 50


def audit_renewed(renewal: Renewal) -> None:
    """Record the outcome of a scheduled renewal."""
    fields: dict[str, Any] = {"key": renewal.key, "is_late": renewal.is_late}
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
    if renewal.is_late:
        metric = with_count(metric, "LateRenewals")
    write(logging.INFO if renewal.failed is None else logging.WARNING, "renewal", fields | metric)


def audit_changed_secret(changed: SweptSecret) -> None:
    """Record that the sweep found a changed secret and marked its tokens for replacement."""
    metric = metric_of({}, datetime.now(UTC), name="ChangedSecrets")
    fields = {"credential": changed.credential, "tenant": changed.tenant}
    write(logging.INFO, "changed secret", fields | metric)


def report_failing_credentials(failing: Sequence[SweptSecret]) -> None:
    """Record which credentials (or tenants) fail now: how many are refused, and how many away."""
    refused = [_name(each) for each in failing if each.is_refused]
    away = [_name(each) for each in failing if each.is_away and not each.is_refused]
    for event, metric, key, names in (
        ("refused credentials", "RefusedCredentials", "refused", refused),
        ("credentials away", "AwayCredentials", "away", away),
    ):
        level = logging.WARNING if names else logging.INFO
        fields = {key: names[:_NAMED]}
        write(level, event, fields | gauge_of(metric, len(names), datetime.now(UTC)))


def _name(swept: SweptSecret) -> str:
    return swept.credential + (f"/{swept.tenant}" if swept.tenant else "")


def report_aliases_behind(aliases: Sequence[str]) -> None:
    """Record how many direct callers' aliases still point to a former version, and which."""
    metric = gauge_of("AliasesBehind", len(aliases), datetime.now(UTC))
    level = logging.WARNING if aliases else logging.INFO
    write(level, "aliases behind", {"aliases": list(aliases[:_NAMED]), **metric})
