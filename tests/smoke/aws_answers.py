"""Answers of AWS that several rows' tests use."""

import itertools
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.smoke.fake_aws import Answer


def in_turn(answers: Iterable[Mapping[str, Any]]) -> Answer:
    """One after another; the last of them ever after."""
    given = list(answers)
    left = itertools.chain(given, itertools.repeat(given[-1]))
    return lambda _: next(left)


def log_lines(*lines: object) -> dict[str, Answer]:
    """What every log group holds: documents as JSON, text as it is."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return {"logs.FilterLogEvents": {"events": [{"message": text} for text in texts]}}


def log_groups() -> dict[str, Answer]:
    """Where functions and API Gateway log."""
    arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/tokenvend/smoke/access"
    return {
        "apigateway.GetStage": {"accessLogSettings": {"destinationArn": arn}},
        "lambda.GetFunctionConfiguration": {"LoggingConfig": {"LogGroup": "/tokenvend/smoke/vend"}},
    }


def alarm(*states: str) -> dict[str, Answer]:
    """An alarm that is in one state after another."""
    return {
        "cloudformation.DescribeStackResource": {
            "StackResourceDetail": {
                "LogicalResourceId": "Alarm",
                "PhysicalResourceId": "alarm-1",
                "ResourceType": "AWS::CloudWatch::Alarm",
                "LastUpdatedTimestamp": datetime.now(UTC),
                "ResourceStatus": "CREATE_COMPLETE",
            }
        },
        "cloudwatch.DescribeAlarms": in_turn(
            {"MetricAlarms": [{"StateValue": state}]} for state in states
        ),
    }


def metric(total: float) -> dict[str, Answer]:
    """Every metric's sum."""
    points = [{"Sum": total, "Timestamp": datetime.now(UTC)}]
    return {"cloudwatch.GetMetricStatistics": {"Datapoints": points}}
