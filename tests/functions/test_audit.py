"""One line for each vend: who asked for what, what came of it and why, and one metric."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from tests.functions.conftest import ROOT, load_handler, through
from tests.unit.vending.harness import BILLING, Harness

from tokenvend.domain.quota import microseconds
from tokenvend.domain.secret import Secret
from tokenvend.observability.log import logger

_ALWAYS = {"level", "message", "timestamp", "service", "entry", "request_id", "rule"}
_METRIC = {"_aws", "Vends", "source", "outcome"}


def lines_of(log: StringIO, function: str, case: str, alias: str = "live") -> list[dict[str, Any]]:
    """What one invocation logs."""
    path = ROOT / "events" / function / f"{case}.json"
    load_handler(function)(json.loads(path.read_text(encoding="utf-8"))["event"], through(alias))
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("function", "came", "identity", "caller"),
    [
        ("vend_iam", ("granted", "live"), "iam:111122223333:role/billing", "billing"),
        ("vend_oauth2", ("basic", "live"), "client:shop", "shop"),
        ("vend_direct", ("single", "billing"), "alias:billing", "billing"),
    ],
)
def test_a_vend_is_one_line_with_all_that_an_auditor_asks(
    log: StringIO, function: str, came: tuple[str, str], identity: str, caller: str
) -> None:
    (line,) = lines_of(log, function, *came)

    who_and_what = {"identity", "caller", "credential", "scope", "token_sha256"}
    assert line.keys() - {"requested_scope"} == _ALWAYS | _METRIC | who_and_what
    assert (line["identity"], line["caller"], line["credential"]) == (identity, caller, "jobs")
    assert line["entry"] == function.removeprefix("vend_")
    assert (line["rule"], line["outcome"], line["source"]) == ("granted", "vended", "provider")
    assert line["scope"] == "jobs_read"
    assert line["token_sha256"] == Secret("provider-token-1").sha256
    assert line["request_id"] == through("live").aws_request_id


@pytest.mark.usefixtures("harness")
def test_a_refusal_is_one_line_with_the_rule_that_refused(log: StringIO) -> None:
    (line,) = lines_of(log, "vend_iam", "scope-beyond-grant")

    assert line["level"] == "WARNING"
    assert (line["rule"], line["outcome"]) == ("grant.scopes", "invalid_scope")
    assert (line["source"], line["caller"]) == ("none", "billing")
    assert "token_sha256" not in line


@pytest.mark.usefixtures("harness")
def test_whoever_is_not_proven_is_named_by_what_was_claimed(log: StringIO) -> None:
    (line,) = lines_of(log, "vend_oauth2", "wrong-secret")

    assert (line["identity"], line["rule"]) == ("client:shop", "caller.secret")
    assert line["outcome"] == "invalid_client"


@pytest.mark.usefixtures("harness")
def test_each_request_of_a_batch_has_a_line_of_its_own(log: StringIO) -> None:
    lines = lines_of(log, "vend_direct", "batch", "billing")

    path = ROOT / "events" / "vend_direct" / "batch.json"
    requests = json.loads(path.read_text(encoding="utf-8"))["event"]["requests"]
    assert len(lines) == len(requests)


@pytest.mark.usefixtures("harness")
def test_vends_are_counted_by_few_dimensions_and_never_by_caller_or_scope(log: StringIO) -> None:
    (line,) = lines_of(log, "vend_iam", "granted")

    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (dimensions,) = directive["Dimensions"]
    assert set(dimensions) == {"service", "entry", "source", "outcome"}
    assert directive["Namespace"] == "tokenvend"
    assert [metric["Name"] for metric in directive["Metrics"]] == ["Vends"]
    assert all(isinstance(line[name], str) for name in dimensions)
    assert line["Vends"] == [1.0]


@pytest.mark.parametrize("level", ["INFO", "WARNING", "ERROR"])
def test_no_log_level_keeps_the_audit_line_or_its_metric_out(
    harness: Harness, log: StringIO, level: str
) -> None:
    del harness
    former = logger().log_level
    logger().setLevel(level)
    try:
        lines = [
            *lines_of(log, "vend_iam", "granted"),
            *lines_of(log, "vend_iam", "scope-beyond-grant"),
            *lines_of(log, "vend_oauth2", "wrong-secret"),
            *lines_of(log, "vend_direct", "single"),
            *lines_of(log, "vend_direct", "reject"),
        ]
    finally:
        logger().setLevel(former)

    assert len(lines) >= 5
    assert all("_aws" in line for line in lines)


def test_a_caller_over_its_limit_is_counted_apart_from_what_is_away(
    harness: Harness, log: StringIO
) -> None:
    caller = harness.reader.callers[BILLING.identity]
    harness.reader.callers[BILLING.identity] = replace(caller, requests_per_minute=1)
    harness.quotas.empty_at[caller.name] = microseconds(harness.clock.now())

    (line,) = lines_of(log, "vend_iam", "granted")

    assert (line["rule"], line["outcome"]) == ("caller.requests_per_minute", "too_many_requests")
    assert line["caller"] == caller.name
    vends, over_limit = line["_aws"]["CloudWatchMetrics"]
    assert "caller" not in vends["Dimensions"][0]
    assert [metric["Name"] for metric in over_limit["Metrics"]] == ["OverLimit"]
    assert sorted(over_limit["Dimensions"][0]) == ["caller", "service"]
    assert len(over_limit["Dimensions"]) == 1
    assert line["OverLimit"] == [1.0]
