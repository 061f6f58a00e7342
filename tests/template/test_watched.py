"""What alarms, the dashboard and the saved queries look at is what the code writes."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import BILLING, REQUEST, Harness

from tokenvend.adapters.aws_errors import AwsFailure
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.connection_health import Health
from tokenvend.domain.connection_request import Action, ConnectionRequest
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TooManyRequestsError,
)
from tokenvend.domain.identity import EntryPoint
from tokenvend.domain.untrusted import Distrust
from tokenvend.observability import consents, incidents, schedules, vends
from tokenvend.observability.log import logger
from tokenvend.refresh_tokens.connection_events import ConnectionEvent, ConnectionEventType
from tokenvend.schedules.keep_alive import KeepAliveOutcome, KeepAliveResult
from tokenvend.schedules.renewal import Renewal, RenewalOutcome
from tokenvend.schedules.secret_sweep import SweptSecret

type Line = dict[str, Any]
#: A metric's name and its dimensions, in the order of their names.
type Metric = tuple[str, tuple[str, ...]]

#: Of AWS's own namespaces: what the services document, with the dimensions that are used here.
AWS_METRICS: dict[str, set[Metric]] = {
    "AWS/Lambda": {
        (name, ("FunctionName",))
        for name in ("AsyncEventsDropped", "Duration", "Errors", "Invocations", "Throttles")
    },
    "AWS/ApiGateway": {
        (name, ("ApiName", "Stage")) for name in ("Count", "Latency", "4XXError", "5XXError")
    },
    "AWS/DynamoDB": {
        (name, ("TableName",))
        for name in (
            "ConsumedReadCapacityUnits",
            "ConsumedWriteCapacityUnits",
            "ReadThrottleEvents",
            "WriteThrottleEvents",
        )
    }
    | {
        (name, ("GlobalSecondaryIndexName", "TableName"))
        for name in ("ReadThrottleEvents", "WriteThrottleEvents")
    },
    "AWS/Events": {("FailedInvocations", ("RuleName",))},
}
#: What Logs Insights finds in every line, and in Lambda's own report of an invocation.
LOGS_OWN_FIELDS = {
    *(
        "@timestamp",
        "@log",
        "times",
        "newest",
        "@duration",
        "@initDuration",
        "@maxMemoryUsed",
        "@requestId",
    ),
}
_SEARCH = re.compile(r"SEARCH\('\{([\w/]+),([\w,]+)\} MetricName=\"(\w+)\"")


@pytest.fixture(scope="module")
def written() -> Iterator[list[Line]]:
    """A line of each kind, as the functions write it."""
    handler: Any = logger().registered_handler
    former, handler.stream = handler.stream, StringIO()
    _write_all()
    yield [json.loads(line) for line in handler.stream.getvalue().splitlines()]
    handler.stream = former


def _write_all() -> None:
    harness = Harness()
    now = harness.clock.now()
    away = TemporarilyUnavailableError("away", rule="provider.away")
    vended = harness.vend(harness.environment())
    vends.audit_vended(BILLING, REQUEST, vended, now=now, request_id="r")
    limited = TooManyRequestsError("limit", rule="caller.requests_per_minute", caller="billing")
    refused = ProviderRefusedError("refused", provider_error="invalid_client")
    asked_for = replace(REQUEST, tenant="acme", connection="user")
    for entry in EntryPoint:
        vends.audit_refused(entry, BILLING, asked_for, away, now=now, request_id="r")
        vends.audit_refused(entry, BILLING, asked_for, refused, now=now, request_id="r")
        vends.audit_refused(entry, BILLING, asked_for, limited, now=now, request_id="r")
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.8))
    harness.provider.script(json_response({}, status=500))
    for renewal in harness.parts().renew_all():
        schedules.audit_renewed(renewal)
    for outcome in RenewalOutcome:
        schedules.audit_renewed(Renewal("key", outcome))
    schedules.audit_changed_secret(
        SweptSecret("jobs", None, is_changed=True, is_refused=False, is_away=False)
    )
    schedules.report_failing_credentials([])
    schedules.report_aliases_behind([])
    schedules.audit_renewed(Renewal("key", RenewalOutcome.RENEWED, is_late=True))
    consents.report_consents(Counter(dict.fromkeys(Health, 1)))
    for source in ("dynamodb", "kms", "secretsmanager", "lambda"):
        incidents.count_aws_failure(source, "GetItem", AwsFailure.REFUSED, "AccessDeniedException")
    for reason in Distrust:
        incidents.count_untrusted("item", reason)
    key = ConnectionKey(credential="hiring", owner="shop", name="user")
    for kept in KeepAliveOutcome:
        consents.audit_kept_alive(KeepAliveResult(key, kept))
    for event_type in ConnectionEventType:
        consents.audit_consent_event(ConnectionEvent(event_type, key, "why"))
    consents.audit_consent_failed("callback", "refused", now=now, request_id="r", error=refused)
    asked = ConnectionRequest(credential="hiring", action=Action.INSPECT, connection="user")
    consents.audit_connection(BILLING, asked, now=now, request_id="r")
    consents.audit_connection_refused(EntryPoint.IAM, BILLING, asked, away, now=now, request_id="r")


def _ours(written: list[Line]) -> dict[Metric, list[dict[str, str]]]:
    """Our metrics, each with the values that its dimensions were seen with."""
    found: dict[Metric, list[dict[str, str]]] = {}
    for line in written:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "tokenvend"
            for dimensions in directive["Dimensions"]:
                metric = directive["Metrics"][0]["Name"], tuple(sorted(dimensions))
                found.setdefault(metric, []).append({each: line[each] for each in dimensions})
    return found


def _alarm_metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    if "MetricName" in alarm:
        return [alarm]
    queries = [each["Fn::If"][1] if "Fn::If" in each else each for each in alarm["Metrics"]]
    return [each["MetricStat"]["Metric"] for each in queries if "MetricStat" in each]


def _dashboard(resources: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(
        resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    )
    return body


def _known(namespace: str, metric: Metric, ours: dict[Metric, Any]) -> bool:
    return metric in (ours if namespace == "tokenvend" else AWS_METRICS[namespace])


def test_every_alarm_watches_a_metric_that_is_counted_with_values_that_occur(
    resources: dict[str, Any], written: list[Line]
) -> None:
    ours = _ours(written)
    alarms_ = {n: e for n, e in resources.items() if e["Type"] == "AWS::CloudWatch::Alarm"}

    assert len(alarms_) > 20
    for name, each in alarms_.items():
        for watched in _alarm_metrics(each["Properties"]):
            dimensions = {d["Name"]: d["Value"] for d in watched["Dimensions"]}
            metric = watched["MetricName"], tuple(sorted(dimensions))
            assert _known(watched["Namespace"], metric, ours), (name, metric)
            if watched["Namespace"] == "tokenvend":
                assert dimensions in ours[metric], (name, dimensions)


def test_every_widget_shows_a_metric_that_is_counted(
    resources: dict[str, Any], written: list[Line]
) -> None:
    ours, shown = _ours(written), 0
    for widget in _dashboard(resources)["widgets"]:
        before = None
        for row in widget["properties"].get("metrics", []):
            if isinstance(row[0], dict):
                match = _SEARCH.match(row[0]["expression"])
                assert match is not None, row
                namespace, names, metric_name = match.groups()
                dimensions = tuple(sorted(names.split(",")))
            elif row[0] == "...":
                assert before is not None
                continue
            else:
                namespace, metric_name = row[:2]
                dimensions = tuple(sorted(row[2:-1:2]))
            before = row
            assert _known(namespace, (metric_name, dimensions), ours), row
            shown += 1
    assert shown > 30


def test_every_alarm_is_at_the_top_of_the_dashboard(resources: dict[str, Any]) -> None:
    alarms_ = {n for n, e in resources.items() if e["Type"] == "AWS::CloudWatch::Alarm"}
    (shown,) = [w for w in _dashboard(resources)["widgets"] if w["type"] == "alarm"]

    assert set(shown["properties"]["alarms"]) == {f"${{{name}.Arn}}" for name in alarms_}
    # What the dashboard has, it must have under the same condition.
    assert {resources[name].get("Condition", "IsAws") for name in alarms_} == {"IsAws"}


def test_no_widget_lies_on_another(resources: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for each in _dashboard(resources)["widgets"]:
        cells = {
            (x, y)
            for x in range(each["x"], each["x"] + each["width"])
            for y in range(each["y"], each["y"] + each["height"])
        }
        assert not cells & taken
        assert each["x"] + each["width"] <= 24
        taken |= cells


def test_the_dashboard_names_only_what_the_template_has(resources: dict[str, Any]) -> None:
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]

    named = set(re.findall(r"\$\{([A-Z]\w+)\}", body))
    assert named - resources.keys() == {"DeploymentId"}


def test_every_saved_query_asks_for_lines_and_fields_that_are_written(
    resources: dict[str, Any], written: list[Line]
) -> None:
    messages = {line["message"] for line in written}
    access = json.loads(resources["VendingApi"]["Properties"]["AccessLogSetting"]["Format"])
    fields = {name for line in written for name in line} | LOGS_OWN_FIELDS | access.keys()
    queries = [e for e in resources.values() if e["Type"] == "AWS::Logs::QueryDefinition"]

    assert len(queries) == 10
    for each in queries:
        text = each["Properties"]["QueryString"]
        asked = re.findall(r'message = "([^"]+)"', text)
        asked += re.findall(r'"([^"]+)"', "".join(re.findall(r"message in \[([^]]+)\]", text)))
        assert asked or "message" not in text
        assert set(asked) <= messages
        listed = re.findall(r"\| fields ([^|]+)\|", text)
        grouped = re.findall(r" by ([^|]+)\|", text)
        names = {name.strip() for part in [*listed, *grouped] for name in part.split(",")}
        assert names <= fields, (text, names - fields)
