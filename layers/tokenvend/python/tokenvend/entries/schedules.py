"""Scheduled functions: call the use case, record, answer.

Nothing in an event is trusted: a forged one can at most start work that is due anyway.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from typing import Any

from tokenvend.composition.root import composition_root
from tokenvend.domain import bounds
from tokenvend.domain.connection_health import Health
from tokenvend.domain.renewal import RenewalSlot
from tokenvend.entries.alias import require_live
from tokenvend.entries.context import Context
from tokenvend.observability.consents import audit_kept_alive, report_consents
from tokenvend.observability.schedules import (
    audit_changed_secret,
    audit_renewed,
    report_aliases_behind,
    report_failing_credentials,
)
from tokenvend.schedules.keep_alive import KeepAliveOutcome
from tokenvend.schedules.renewal import Renewal, RenewalOutcome

#: A secret's name or ARN, as Secrets Manager admits them.
_SECRET_ID = re.compile(r"[\w/+=.@:-]{1,2048}", re.ASCII)
#: Who EventBridge says an event about a secret is from.
_SECRETS_MANAGER = "aws.secretsmanager"
#: Exchanges at a time in one invocation. The threads end with it: none outlives an invocation.
_AT_ONCE = 8


def prepare_renewal() -> None:
    """Make in INIT, which has a whole processor, what each run of the renewal needs.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """
    _ = composition_root().renewer


def prepare_sweep() -> None:
    """Make in INIT what each run of the sweep needs; raises as `prepare_renewal` does."""
    _ = composition_root().sweep, composition_root().caller_aliases


def prepare_keep_alive() -> None:
    """Make in INIT what each run of the keep-alive needs; raises as `prepare_renewal` does."""
    _ = composition_root().keep_alive


def handle_renewal(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The schedule's own invocation (no shard), or the invocation for one shard.

    Raises:
        InvalidClientError: it came through another alias than `live`.
        StoreAwayError: the tables do not answer; the next minute's run finds what is left.
    """
    require_live(context.invoked_function_arn)
    shard = event.get("shard")
    if isinstance(shard, int) and 0 <= shard < bounds.RENEWAL_SHARDS:
        return _renew(shard, context)
    return _dispatch(context)


def handle_sweep(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Compare every secret; only one, if the event names the secret that was changed.

    A whole run also reports failing credentials and aliases that lag behind.

    Raises:
        InvalidClientError: it came through another alias than `live`.
        StoreAwayError: Secrets Manager, the tables or Lambda do not answer.
    """
    require_live(context.invoked_function_arn)
    secret_id = changed_secret_of(event)
    if secret_id is None and event.get("source") == _SECRETS_MANAGER:
        # A call that was refused is reported without its parameters: nothing has changed.
        return {"changed": 0}
    changed, failing = 0, []
    for each in composition_root().sweep.run(secret_id):
        if each.is_changed:
            audit_changed_secret(each)
            changed += 1
        if each.is_refused or each.is_away:
            failing.append(each)
    if secret_id is None:
        report_failing_credentials(failing)
        report_aliases_behind(composition_root().caller_aliases.behind())
    return {"changed": changed}


def changed_secret_of(event: Mapping[str, Any]) -> str | None:
    """The name or ARN of the secret that CloudTrail reports as changed; `None` without one.

    A call is reported with its parameters; what Secrets Manager does by itself, beside them.
    """
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        return None
    for part, name in (("requestParameters", "secretId"), ("additionalEventData", "SecretId")):
        fields = detail.get(part)
        value = fields.get(name) if isinstance(fields, Mapping) else None
        if isinstance(value, str) and _SECRET_ID.fullmatch(value):
            return value
    return None


def handle_keep_alive(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Look at every connection, as far as the time goes. The event is not read.

    Raises:
        InvalidClientError: it came through another alias than `live`.
        StoreAwayError: the tables do not answer.
    """
    del event
    require_live(context.invoked_function_arn)
    keep_alive, clock = composition_root().keep_alive, composition_root().clock
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    counts = dict.fromkeys((outcome.value for outcome in KeepAliveOutcome), 0)
    health = Counter(dict.fromkeys(Health, 0))
    deadline = clock.monotonic() + left.total_seconds()
    for result in keep_alive.run(
        deadline=deadline, report_health=lambda each: health.update([each])
    ):
        counts[result.outcome.value] += 1
        audit_kept_alive(result)
    report_consents(health)
    return counts


def _dispatch(context: Context) -> dict[str, Any]:
    invoke = composition_root().invoke_again(context.invoked_function_arn)
    for shard in range(bounds.RENEWAL_SHARDS):
        invoke(json.dumps({"shard": shard}).encode())
    return {"dispatched": bounds.RENEWAL_SHARDS}


def _renew(shard: int, context: Context) -> dict[str, Any]:
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    counts = dict.fromkeys((outcome.value for outcome in RenewalOutcome), 0)
    for renewal in _renewals(shard, left):
        counts[renewal.outcome.value] += 1
        if renewal.outcome is not RenewalOutcome.NOT_YET:
            audit_renewed(renewal)
    return {"shard": shard, **counts}


def _renewals(shard: int, left: timedelta) -> Iterator[Renewal]:
    renewer, clock = composition_root().renewer, composition_root().clock
    deadline = clock.monotonic() + left.total_seconds()

    due, taking = renewer.due(shard), Lock()

    def take() -> tuple[RenewalSlot, str] | None:
        with taking:
            return next(due, None)

    def work(_: int) -> list[Renewal]:
        """Renew one after another: no slow provider keeps the other workers waiting."""
        renewals: list[Renewal] = []
        while (each := take()) is not None:
            slot, key = each
            renewals.append(renewer.renew(slot, key, deadline=deadline))
            if renewals[-1].outcome is RenewalOutcome.NO_TIME:
                break
        return renewals

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for renewals in pool.map(work, range(_AT_ONCE)):
            yield from renewals
