"""Invoke the scheduled functions as their schedules do."""

import json
from typing import Any

from tokenvend.domain import bounds
from tokenvend_local.stack import LocalStack


def invoke(stack: LocalStack, function: str, event: dict[str, Any]) -> dict[str, Any]:
    """Invoke a scheduled function as its schedule does."""
    name = f"{stack.deployed.outputs[f'{function}FunctionName']}:live"
    answer = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, document
    return document


def renew_all(stack: LocalStack) -> None:
    """Every shard's run."""
    for shard in range(bounds.RENEWAL_SHARDS):
        invoke(stack, "Renew", {"shard": shard})
