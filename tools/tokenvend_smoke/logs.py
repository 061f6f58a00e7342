"""Read what was logged."""

import json
from collections.abc import Iterator
from typing import Any

from tokenvend_smoke.account import Account


def lines_since(account: Account, group: str, since_ms: int) -> Iterator[str]:
    """The lines of a log group since *since_ms* (milliseconds since 1970), oldest first.

    Raises:
        botocore.exceptions.ClientError: CloudWatch Logs refuses.
    """
    pages = account.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, startTime=since_ms):
        yield from (event["message"] for event in page["events"])


def documents_since(account: Account, group: str, since_ms: int) -> Iterator[dict[str, Any]]:
    """Those of the lines that are JSON objects."""
    for line in lines_since(account, group, since_ms):
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            yield document


def log_group(account: Account, function: str) -> str:
    """The log group of the function whose name the output *function* has."""
    name = account.outputs()[f"{function}FunctionName"]
    found = account.client("lambda").get_function_configuration(FunctionName=name)
    return str(found["LoggingConfig"]["LogGroup"])


def access_log_group(account: Account) -> str:
    """The log group in which API Gateway writes a line for each request."""
    stages = account.client("apigateway")
    stage = stages.get_stage(restApiId=account.outputs()["VendingApiId"], stageName="v1")
    return str(stage["accessLogSettings"]["destinationArn"]).split(":log-group:")[1].rstrip(":*")
