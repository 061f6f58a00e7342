"""What one invocation costs in calls, counted as the built function makes them.

Run in the function's folder, by an interpreter that has only what Lambda brings:
`python counted_calls.py EVENT ALIAS TIMES`. One line of JSON follows each invocation's own lines.
"""

import json
import math
import sys
import time
from collections import defaultdict
from typing import Any

sys.path.insert(0, ".")

from app import lambda_handler  # type: ignore[import-not-found]

from tokenvend.adapters.aws_clients import aws_client

_SERVICES = ("dynamodb", "kms", "secretsmanager")
_READ_UNIT, _WRITE_UNIT = 4096, 1024


class _Context:
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    invoked_function_arn = f"arn:aws:lambda:eu-west-1:111122223333:function:f:{sys.argv[2]}"

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


#: Calls by service and operation, and the units that they consume.
calls: dict[str, float] = defaultdict(float)
last: dict[str, Any] = {}


def size_of(value: Any) -> int:
    """Bytes of an attribute value or an item, by DynamoDB's own rules (numbers rounded up)."""
    if isinstance(value, dict):
        return sum(len(name) + size_of(inner) for name, inner in value.items())
    if isinstance(value, list):
        return 3 + sum(map(size_of, value))
    return len(value) if isinstance(value, bytes) else len(str(value).encode())


def read_units(item: dict[str, Any], *, consistent: object) -> float:
    """A strongly consistent read costs one for each 4 KB begun, another half of that."""
    return max(1, math.ceil(size_of(item) / _READ_UNIT)) * (1 if consistent else 0.5)


def requested(params: dict[str, Any], model: Any, **_: object) -> None:
    """Count a call, and keep what it asks until its answer comes."""
    calls[f"{model.service_model.service_name}:{model.name}"] += 1
    last.update(params)


def answered(parsed: dict[str, Any], model: Any, **_: object) -> None:
    """Count the units that a call consumed, from what was asked and what came."""
    match model.name:
        case "GetItem":
            units = read_units(parsed.get("Item", {}), consistent=last.get("ConsistentRead"))
            calls["read units"] += units
        case "BatchGetItem":
            for table, request in last["RequestItems"].items():
                found = parsed["Responses"].get(table, [])
                missing: list[dict[str, Any]] = [{}] * (len(request["Keys"]) - len(found))
                consistent = request.get("ConsistentRead")
                calls["read units"] += sum(
                    read_units(item, consistent=consistent) for item in [*found, *missing]
                )
        case "Query":
            calls["read units"] += read_units({}, consistent=False)
        case "UpdateItem" | "PutItem":
            item = parsed.get("Attributes") or last.get("Item") or {}
            calls["write units"] += max(1, math.ceil(size_of(item) / _WRITE_UNIT))
            # The sparse index has one entry more or less.
            if "due" in last.get("UpdateExpression", ""):
                calls["write units"] += 1
    last.clear()


for service in _SERVICES:
    events = aws_client(service).meta.events
    events.register("before-parameter-build", requested)
    events.register("after-call", answered)

# INIT has a whole processor, and is billed by the time that it takes.
print(json.dumps({"init_ms": time.process_time() * 1e3}))
for _ in range(int(sys.argv[3])):
    calls.clear()
    started = time.process_time()
    answer = lambda_handler(json.loads(sys.argv[1]), _Context())
    cpu_ms = (time.process_time() - started) * 1e3
    document = json.loads(answer["body"]) if "body" in answer else answer
    print(json.dumps({"source": document.get("source"), "calls": calls, "cpu_ms": cpu_ms}))
