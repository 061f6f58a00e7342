"""What a scheduled function makes of an event that nobody can be sure of, and of its time."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from tests.adapters.connection_samples import active
from tests.functions.conftest import load_handler, through
from tests.unit.vending.harness import DEFINITION, REQUEST, Harness

import tokenvend.entries.schedules
from tokenvend.domain import bounds
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.credential_state import ProviderOutage
from tokenvend.domain.failure import Failure
from tokenvend.domain.renewal import slot_of
from tokenvend.entries.schedules import changed_secret_of
from tokenvend.ports import SecretVersion

pytestmark = pytest.mark.usefixtures("log_level_critical")
SECRET = "tokenvend/tokenvend/partner/acme"


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("shard", [0, 1, bounds.RENEWAL_SHARDS - 1])
def test_a_shard_is_gone_through_where_the_event_names_one(shard: int) -> None:
    answer = load_handler("renew")({"shard": shard}, through("live"))

    assert answer == {
        "shard": shard,
        **dict.fromkeys(("renewed", "not_yet", "unwanted", "failed", "no_time"), 0),
    }


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("shard", [-1, bounds.RENEWAL_SHARDS, "0", 1.0, None, [0]])
def test_any_other_event_sends_every_shard_on_its_way(shard: object) -> None:
    answer = load_handler("renew")({"shard": shard}, through("live"))

    assert answer == {"dispatched": bounds.RENEWAL_SHARDS}


def test_the_shards_are_invoked_through_the_alias_that_the_schedule_came_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def invoke_again(function_arn: str) -> Callable[[bytes], None]:
        asked.append(function_arn)
        return lambda _: None

    monkeypatch.setattr(
        tokenvend.entries.schedules,
        "composition_root",
        lambda: SimpleNamespace(invoke_again=invoke_again, renewer=None),
    )
    context = through("live")

    load_handler("renew")({}, context)

    assert asked == [context.invoked_function_arn]


def in_use(harness: Harness) -> str:
    """A token in use that is due now; its key."""
    vended = harness.vend(harness.environment(), REQUEST)
    harness.clock.advance(timedelta(seconds=1800 * 0.85))
    key, token = vended.decision.key, vended.answer.token
    harness.tokens.schedule_renewal(key, token, slot_of(key, harness.clock.now()))
    return key


def test_what_was_renewed_is_a_line_and_what_was_left_alone_is_none(
    harness: Harness, log: StringIO
) -> None:
    harness.reader.callers["iam:111122223333:role/billing"] = next(
        iter(harness.reader.callers.values())
    )
    key = in_use(harness)
    shard = int(key[:8], 16) % bounds.RENEWAL_SHARDS
    renew = load_handler("renew")

    first = renew({"shard": shard}, through("live"))
    item = harness.tokens.read(key)
    assert item.token is not None
    harness.tokens.schedule_renewal(key, item.token, slot_of(key, harness.clock.now()))
    second = renew({"shard": shard}, through("live"))

    assert (first["renewed"], second["not_yet"]) == (1, 1)
    (line,) = [each for each in lines(log) if each["message"] == "renewal"]
    assert (line["key"], line["outcome"], line["credential"]) == (key, "renewed", "jobs")


@pytest.mark.parametrize(
    ("detail", "secret"),
    [
        ({"requestParameters": {"secretId": SECRET}}, SECRET),
        ({"additionalEventData": {"SecretId": SECRET}}, SECRET),
        (
            {
                "requestParameters": {"secretId": SECRET},
                "additionalEventData": {"SecretId": "another"},
            },
            SECRET,
        ),
        (
            {"requestParameters": {"secretId": ""}, "additionalEventData": {"SecretId": SECRET}},
            SECRET,
        ),
        ({"requestParameters": {"secretId": "a" * 2048}}, "a" * 2048),
        ({"requestParameters": {"secretId": "a" * 2049}}, None),
        ({"requestParameters": {"secretId": "a"}}, "a"),
        ({"requestParameters": {"secretId": f"{SECRET}\n"}}, None),
        ({"requestParameters": {"secretId": "\u00e4"}}, None),
        ({"requestParameters": {"secretId": ["a"]}}, None),
        ({"requestParameters": {"SecretId": SECRET}}, None),
        ({"additionalEventData": {"secretId": SECRET}}, None),
        ({"requestParameters": SECRET}, None),
        (None, None),
        ([{"requestParameters": {"secretId": SECRET}}], None),
    ],
)
def test_a_changed_secret_is_read_from_where_cloudtrail_puts_it(
    detail: object, secret: str | None
) -> None:
    assert changed_secret_of({"detail": detail}) == secret
    assert changed_secret_of({}) is None


def test_only_a_whole_sweep_reports_what_fails(harness: Harness, log: StringIO) -> None:
    harness.catalog.found = [
        SecretVersion(name, None, "v1") for name in ("jobs", "refused", "away", "both")
    ]
    sweep = load_handler("sweep")
    assert sweep({}, through("live")) == {"changed": 4}
    now = harness.clock.now()
    failure = Failure(
        provider_error="invalid_client", count=1, retry_at=now, secret_generation="v1"
    )
    outage = ProviderOutage(since=now - timedelta(hours=1), failures=2)
    for name, fails, is_away in (
        ("refused", True, False),
        ("away", False, True),
        ("both", True, True),
    ):
        if fails:
            harness.states.replace_failure(name, None, before=None, after=failure)
        if is_away:
            harness.states.replace_outage(name, None, before=None, after=outage)
    log.truncate(0)
    log.seek(0)

    assert sweep({}, through("live")) == {"changed": 0}
    whole = {line["message"]: line for line in lines(log)}
    log.truncate(0)
    log.seek(0)
    one = {"detail": {"requestParameters": {"secretId": "tokenvend/tokenvend/refused"}}}
    assert sweep(one, through("live")) == {"changed": 0}

    assert whole["refused credentials"]["refused"] == ["refused", "both"]
    assert whole["credentials away"]["away"] == ["away"]
    assert lines(log) == []


def connected(harness: Harness, *, days: float) -> ConnectionKey:
    definition = replace(DEFINITION, name="jobs-user", kind=CredentialKind.AUTHORIZATION_CODE)
    harness.reader.definitions[definition.name] = definition
    harness.secrets.secrets[definition.name, None] = harness.secrets.secrets["jobs", None]
    key = ConnectionKey(credential="jobs-user", owner="billing", name="acme")
    harness.connections.seed(active(key))
    harness.clock.advance(timedelta(days=days))
    return key


@pytest.mark.parametrize(
    ("milliseconds", "outcome"), [(11_000, "refreshed"), (10_999, "no_time"), (999, "no_time")]
)
def test_a_keep_alive_goes_as_far_as_the_time_of_its_invocation(
    harness: Harness, milliseconds: int, outcome: str
) -> None:
    connected(harness, days=14)
    context = replace(through("live"), remaining_ms=milliseconds)

    counts = load_handler("keep_alive")({}, context)

    assert counts == dict.fromkeys(("refreshed", "dropped", "failed", "no_time"), 0) | {outcome: 1}


def test_a_keep_alive_reports_how_every_connection_is(harness: Harness, log: StringIO) -> None:
    connected(harness, days=1)

    load_handler("keep_alive")({"anything": "at all"}, through("live"))

    (line,) = [each for each in lines(log) if each["message"] == "consents"]
    assert line["health"] == {
        **dict.fromkeys(("overdue", "expiring", "expired", "lost", "pending"), 0),
        "healthy": 1,
    }
