"""What a million vends cost, from the calls that the built functions are seen to make."""

import json
import math
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts.expand import load

from benchmarks.measure import OUTPUT
from benchmarks.prices import AS_OF, PRICES
from benchmarks.stage import Stage
from tokenvend_local import places

COST = OUTPUT.with_name("cost.json")
MILLION = 1_000_000

#: What this machine cannot know, each chosen on the dear side.
AWS_CALL_MS = 8.0
PROVIDER_MS = 400.0
#: START, END and REPORT of one invocation, and what CloudWatch adds to each line.
PLATFORM_LOG_BYTES = 420
LOG_LINE_OVERHEAD = 26
ACCESS_LOG_BYTES = 520
MEMORY_GB = 0.5
#: Lambda gives a whole processor at 1 769 MB.
PROCESSOR_SHARE = 512 / 1769

#: A service that is asked often: nearly all from memory.
MIX = {"memory": 0.95, "store": 0.0489, "store, cold": 0.001, "provider": 0.0001}
#: Answers over three entries from three sources, and five numbers of the schedules; each kind of
#: refusal seen adds one.
METRICS = 14
_MINUTES = 60 * 24 * 30
_SHARDS = 16

_COUNTER = Path(__file__).with_name("counted_calls.py")
_HTTP, _DIRECT, _RENEW = "VendIamFunction", "VendDirectFunction", "RenewFunction"


@dataclass(frozen=True, slots=True)
class Counted:
    """One invocation: its calls and units, its processor time, its lines of log."""

    source: str
    calls: Mapping[str, float]
    cpu_ms: float
    log_bytes: int
    init_ms: float = 0.0

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds at the default memory: INIT, and waits for others, included."""
        waits = AWS_CALL_MS * sum(n for name, n in self.calls.items() if ":" in name)
        waits += PROVIDER_MS if self.source == "provider" else 0
        return math.ceil(self.init_ms + self.cpu_ms / PROCESSOR_SHARE + waits)


def count(stage: Stage, function: str) -> dict[str, Counted]:
    """One invocation of *function* for each source of a token, as it was counted."""
    stage.forget_tokens()
    first, _, _, memory = _invocations(stage, function, times=4)
    # Without memory each vend is checked: the second one knows its key, as a warm one does.
    cold, warm = _invocations(stage, function, times=2, TOKENVEND_MEMORY_SECONDS="0")
    # An exchange is made by a warm environment as well as by a new one.
    exchange = replace(first, init_ms=0.0)
    found = {"memory": memory, "store": warm, "store, cold": cold, "provider": exchange}
    for name, counted in found.items():
        if counted.source != name.partition(",")[0]:
            raise RuntimeError(f"{name} was answered from {counted.source}")
    return found


def dollars(counted: Counted, *, over_http: bool) -> dict[str, float]:
    """What one such vend costs, by service."""
    log_bytes = counted.log_bytes + PLATFORM_LOG_BYTES + (ACCESS_LOG_BYTES if over_http else 0)
    units = counted.calls.get
    calls = sum(n for name, n in counted.calls.items() if name.startswith("kms:"))
    secrets = sum(n for name, n in counted.calls.items() if name.startswith("secretsmanager:"))
    return {
        "API Gateway": PRICES["API Gateway REST request"] if over_http else 0.0,
        "Lambda": PRICES["Lambda request"]
        + PRICES["Lambda GB-second"] * MEMORY_GB * counted.billed_ms / 1e3,
        "DynamoDB": PRICES["DynamoDB read request unit"] * units("read units", 0)
        + PRICES["DynamoDB write request unit"] * units("write units", 0),
        "KMS": PRICES["KMS request"] * calls,
        "Secrets Manager": PRICES["Secrets Manager request"] * secrets,
        "Logs": PRICES["CloudWatch Logs GB ingested"] * log_bytes / 1e9,
    }


def table(stage: Stage) -> list[dict[str, Any]]:
    """Dollars per million vends: a row for each entry and source, and for the mix of them.

    Writes build/cost.json.
    """
    rows = [
        row
        for entry, function in (("HTTP", _HTTP), ("direct", _DIRECT))
        for row in _rows(entry, count(stage, function))
    ]
    document = {"prices_as_of": AS_OF, "mix": MIX, "rows": rows, "standing": standing(stage)}
    COST.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return rows


def standing(stage: Stage) -> dict[str, float]:
    """Dollars a month that an idle deployment costs: key, metrics, alarms, dashboard, renewals.

    What is off by default, or comes with the years, stands beside it.
    """
    (shard,) = _invocations(stage, _RENEW, times=1)
    each_shard = dollars(shard, over_http=False)
    # The one that sends the shards on their way costs about what each of them does.
    runs = _MINUTES * (_SHARDS + 1)
    return {
        "key": PRICES["KMS key, a month"],
        "metrics": PRICES["CloudWatch metric, a month"] * METRICS,
        "alarms": PRICES["CloudWatch alarm, a month"] * alarm_metrics(load()),
        "dashboard": PRICES["CloudWatch dashboard, a month"],
        "looking for renewals": sum(each_shard.values()) * runs,
        "key, rotated twice": PRICES["KMS key rotation, each of the first two, a month"] * 2,
        "ApiMethodMetrics=true": PRICES["CloudWatch metric, a month"] * method_metrics(load()),
    }


def alarm_metrics(template: Mapping[str, Any]) -> int:
    """What alarms are billed by: one for each metric that an alarm watches."""
    alarms = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    ]
    return sum(
        sum("MetricStat" in query for query in alarm["Metrics"]) if "Metrics" in alarm else 1
        for alarm in alarms
    )


def method_metrics(template: Mapping[str, Any]) -> int:
    """The metrics that API Gateway has for each method: count, both errors, both latencies."""
    bodies = [
        template["Resources"][api]["Properties"]["DefinitionBody"]
        for api in ("VendingApi", "PagesApi")
    ]
    return 5 * sum(len(methods) for body in bodies for methods in body["paths"].values())


def _rows(entry: str, counted: Mapping[str, Counted]) -> Iterator[dict[str, Any]]:
    over_http = entry == "HTTP"
    parts = {source: dollars(each, over_http=over_http) for source, each in counted.items()}
    mixed = {
        service: sum(MIX[source] * parts[source][service] for source in parts)
        for service in parts["memory"]
    }
    for source, each in parts.items():
        yield _row(entry, source, each) | {
            "counted": dict(counted[source].calls),
            "billed_ms": counted[source].billed_ms,
            "log_bytes": counted[source].log_bytes,
        }
    yield _row(entry, "the mix", mixed)


def _row(entry: str, source: str, parts: Mapping[str, float]) -> dict[str, Any]:
    per_million = {service: round(each * MILLION, 3) for service, each in parts.items()}
    total = round(sum(parts.values()) * MILLION, 2)
    return {"entry": entry, "source": source, **per_million, "total": total}


def _invocations(stage: Stage, function: str, *, times: int, **variables: str) -> list[Counted]:
    done = subprocess.run(
        [
            *(str(places.RUNTIME_PYTHON), str(_COUNTER)),
            *(json.dumps(stage.event(function)), stage.alias(function), str(times)),
        ],
        env=stage.variables(function) | variables,
        cwd=places.SAM_BUILD / function,
        capture_output=True,
        text=True,
        check=True,
    )
    return list(_counted(done.stdout))


def _counted(output: str) -> Iterator[Counted]:
    log_bytes, init_ms = 0, 0.0
    for line in output.splitlines():
        document = json.loads(line)
        if "init_ms" in document:
            init_ms = document["init_ms"]
        elif "cpu_ms" in document:
            # The first invocation of an environment is the one that made it.
            yield Counted(**document, log_bytes=log_bytes, init_ms=init_ms)
            log_bytes, init_ms = 0, 0.0
        else:
            log_bytes += len(line.encode()) + LOG_LINE_OVERHEAD
