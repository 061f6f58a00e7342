"""Prices are multiplied right, and the documents state the same ones."""

import json
import re
from pathlib import Path

import pytest
from benchmarks.cost import Counted
from benchmarks.prices import AS_OF, PRICES
from scripts.expand import load

from benchmarks import cost

DOCUMENT = Path(__file__).parents[2] / "docs" / "cost.md"


def counted(**calls: float) -> Counted:
    names = {name.replace("__", ":").replace("_units", " units"): n for name, n in calls.items()}
    return Counted("store", names, cpu_ms=2.0, log_bytes=580)


def test_documented_prices_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    documented = dict(re.findall(r"^\| ([^|]+) \| ([0-9.]+) \|$", text, re.MULTILINE))

    assert {name: float(price) for name, price in documented.items()} == PRICES
    assert f"as of {AS_OF}" in text


def test_documented_ways_to_start_faster_cost_what_the_prices_say() -> None:
    text = (DOCUMENT.parent / "cold-starts.md").read_text(encoding="utf-8")
    gb, month = 0.5, 30 * 24 * 3600

    kept = PRICES["SnapStart GB-second kept"] * gb * month
    restored = PRICES["SnapStart GB restored"] * gb
    ready = PRICES["Lambda provisioned GB-second"] * gb * month

    assert f"${kept:.2f} a month for each version" in text
    assert f"${restored:.5f} for each restore" in text
    assert f"${ready:.2f} a month for each environment" in text


def test_documented_totals_are_the_sums_of_their_parts() -> None:
    rows = re.findall(r"^\| (?:HTTP|direct) \| .*$", DOCUMENT.read_text(), re.MULTILINE)

    assert len(rows) == 10
    for row in rows:
        *parts, total = (float(cell.strip(" *")) for cell in row.strip("|").split("|")[2:])
        assert total == pytest.approx(sum(parts), abs=0.04), row


def test_documented_price_of_alarms_is_that_of_the_templates_alarms() -> None:
    price = PRICES["CloudWatch alarm, a month"] * cost.alarm_metrics(load())

    assert f"| alarms, by the metrics that they watch | ${price:.2f} |" in DOCUMENT.read_text()


@pytest.mark.parametrize(
    ("each", "service", "dollars_per_million"),
    [
        pytest.param(counted(read_units=3.5), "DynamoDB", 0.4375, id="reads"),
        pytest.param(counted(write_units=2), "DynamoDB", 1.25, id="writes"),
        pytest.param(counted(kms__Decrypt=1), "KMS", 3.0, id="keys"),
        pytest.param(counted(secretsmanager__GetSecretValue=2), "Secrets Manager", 10.0, id="s"),
        pytest.param(counted(), "Logs", 0.5, id="logs"),
        pytest.param(counted(), "API Gateway", 0.0, id="no API on the direct entry"),
        # 2 ms of a whole processor are 7 ms of 512 MB's share.
        pytest.param(counted(), "Lambda", 0.2 + 0.5 * 0.007 * 13.3334, id="Lambda"),
    ],
)
def test_each_call_costs_its_price(each: Counted, service: str, dollars_per_million: float) -> None:
    found = cost.dollars(each, over_http=False)

    assert found[service] * 1e6 == pytest.approx(dollars_per_million, rel=1e-4)


def test_time_billed_counts_the_waits_for_others() -> None:
    alone, waiting = counted(), counted(dynamodb__BatchGetItem=1)

    assert waiting.billed_ms == alone.billed_ms + 8


def test_what_the_function_logs_is_told_from_what_is_counted() -> None:
    report = json.dumps({"source": "memory", "calls": {}, "cpu_ms": 0.1})

    (found,) = cost._counted(f'{{"level":"INFO"}}\n{report}\n')

    assert found.log_bytes == len('{"level":"INFO"}') + cost.LOG_LINE_OVERHEAD


def test_the_mix_is_whole() -> None:
    assert sum(cost.MIX.values()) == pytest.approx(1.0)


def test_init_is_billed_with_the_first_invocation_alone() -> None:
    report = '{"source": "store", "calls": {}, "cpu_ms": 10.0}'

    first, second = cost._counted(f'{{"init_ms": 300.0}}\n{report}\n{report}\n')

    assert first.billed_ms - second.billed_ms == 300


def test_alarms_and_method_metrics_are_counted_on_the_template() -> None:
    template = load()

    assert cost.alarm_metrics(template) >= 20
    assert cost.method_metrics(template) % 5 == 0
