"""The scheduled functions: call the use case, log, answer.

No event is trusted: a forged one can at most start work that is due anyway.
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
from tokenvend.schedules.keep_alive import KeepAlive, KeepAliveOutcome
from tokenvend.schedules.renewal import Renewal, RenewalOutcome, Renewer
from tokenvend.schedules.secret_sweep import SecretSweep

#: A secret's name or ARN, as Secrets Manager admits them.
_SECRET_ID = re.compile(r"[\w/+=.@:-]{1,2048}", re.ASCII)
#: The `source` of EventBridge's events about secrets.
_SECRETS_MANAGER = "aws.secretsmanager"
#: Concurrent exchanges in one invocation. Their threads end before the invocation does.
_AT_ONCE = 8


def prepare_renewal() -> None:
    """Build in INIT what each run of the renewal needs, because INIT has a full CPU.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """
    _renewer()


def prepare_sweep() -> None:
    """Build in INIT what each run of the sweep needs; raises as `prepare_renewal` does."""
    _ = _sweep(), composition_root().caller_aliases


def prepare_keep_alive() -> None:
    """Build in INIT what each run of the keep-alive needs; raises as `prepare_renewal` does."""
    _keep_alive()


def _renewer() -> Renewer:
    return composition_root().renewer


def _sweep() -> SecretSweep:
    return composition_root().sweep


def _keep_alive() -> KeepAlive:
    return composition_root().keep_alive


def handle_renewal(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Renew the tokens of the event's shard; without a shard, invoke the function for each shard.

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
    """Look for changed secrets: all of them, or only the one that the event names as changed.

    A run over all secrets also reports failing credentials, and callers' aliases that are behind.

    Raises:
        InvalidClientError: it came through another alias than `live`.
        StoreAwayError: Secrets Manager, the tables or Lambda do not answer.
    """
    require_live(context.invoked_function_arn)
    secret_id = changed_secret_of(event)
    if secret_id is None and event.get("source") == _SECRETS_MANAGER:
        # CloudTrail reports a refused call without its parameters: no secret was changed.
        return {"changed": 0}
    changed, failing = 0, []
    for each in _sweep().run(secret_id):
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
    """Return the name or ARN of the secret that CloudTrail reports as changed; `None` if none.

    It is in `requestParameters` for an API call, and in `additionalEventData` for an event of
    Secrets Manager's own, such as a rotation.
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
    """Refresh idle connections and report the health of all, as far as the time allows.

    The event is not used.

    Raises:
        InvalidClientError: it came through another alias than `live`.
        StoreAwayError: the tables do not answer.
    """
    del event
    require_live(context.invoked_function_arn)
    keep_alive, clock = _keep_alive(), composition_root().clock
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
    renewer, clock = _renewer(), composition_root().clock
    deadline = clock.monotonic() + left.total_seconds()

    due, taking = renewer.due(shard), Lock()

    def take() -> tuple[RenewalSlot, str] | None:
        with taking:
            return next(due, None)

    def work(_: int) -> list[Renewal]:
        """Renew one token after another, so that a slow provider delays this worker only."""
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
