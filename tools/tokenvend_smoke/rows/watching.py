"""The dashboard: whether its widgets show something."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tokenvend_smoke.outcome import require
from tokenvend_smoke.run import Smoke

#: Widgets that are empty as long as nothing goes wrong.
OF_FAILURES = frozenset(
    {
        "Requests without a token, by reason",
        "Failures at providers, by credential",
        "Requests refused over a limit, by caller",
        "Stored items that failed their integrity check",
        "Renewals that came too late for the callers",
        "Consents at risk or lost, count now",
        "Users' connections refreshed because nobody used them (keep-alive)",
        "Calls that AWS refused, throttled or did not answer",
        "Function errors",
        "Lambda throttles: invocations turned away",
        "DynamoDB throttles: reads and writes turned away",
    }
)


def the_dashboard_shows_something(smoke: Smoke) -> None:
    """No widget is empty but those of failures."""
    cloudwatch = smoke.account.client("cloudwatch")
    name = f"tokenvend-{smoke.account.deployment_id}"
    body = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    empty = [
        widget["properties"]["title"]
        for widget in body["widgets"]
        if widget["type"] == "metric" and not _has_data(cloudwatch, widget["properties"])
    ]
    wrong = [title for title in empty if title not in OF_FAILURES]
    require(not wrong, f"empty: {', '.join(wrong)}")


def queries(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a widget asks CloudWatch for, as `GetMetricData` takes it."""
    before: list[str] = []
    for number, entry in enumerate(properties["metrics"]):
        *given, options = entry if isinstance(entry[-1], dict) else [*entry, {}]
        names = before = _written_out(given, before)
        query_id = options.get("id", f"m{number}")
        if not names:
            yield {"Id": query_id, "Expression": options["expression"]}
            continue
        namespace, metric, *dimensions = names
        yield {
            "Id": query_id,
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": metric,
                    "Dimensions": _pairs(dimensions),
                },
                "Period": options.get("period", properties["period"]),
                "Stat": options.get("stat", properties["stat"]),
            },
        }


def _written_out(names: Sequence[str], before: Sequence[str]) -> list[str]:
    """Expand *names*: `...` repeats the start of the line before, `.` one part of it."""
    if names and names[0] == "...":
        names = [*before[: len(before) - len(names) + 1], *names[1:]]
    return [before[place] if name == "." else name for place, name in enumerate(names)]


def _pairs(names: Sequence[str]) -> list[dict[str, str]]:
    pairs = zip(names[::2], names[1::2], strict=True)
    return [{"Name": name, "Value": value} for name, value in pairs]


def _has_data(cloudwatch: Any, properties: Mapping[str, Any]) -> bool:
    now = datetime.now(UTC)
    found = cloudwatch.get_metric_data(
        MetricDataQueries=list(queries(properties)),
        StartTime=now - timedelta(hours=3),
        EndTime=now,
    )
    return any(each["Values"] for each in found["MetricDataResults"])
