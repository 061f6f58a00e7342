"""What the event-driven examples need and no local stack has: a pipe and a stream."""

import json
from collections.abc import Mapping
from typing import Any

from tokenvend_smoke.outcome import require
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.stacks import events_name
from tokenvend_smoke.waiting import wait_until

_MINUTES = 5
#: Which call returned each customer's jobs: the stub fails the first call for globex.
_CALLS = {"acme": 1, "globex": 2}


def a_pipe_sends_on_what_is_enriched(smoke: Smoke) -> None:
    """Each message arrives with what the enrichment added; a message that failed is retried."""
    outputs, sqs = smoke.account.outputs(events_name(smoke.account)), smoke.account.client("sqs")
    for customer in _CALLS:
        body = json.dumps({"customer": customer})
        sqs.send_message(QueueUrl=outputs["EventQueueUrl"], MessageBody=body)
    found: dict[str, int] = {}

    def all_came() -> bool:
        answer = sqs.receive_message(
            QueueUrl=outputs["EventResultsUrl"], MaxNumberOfMessages=10, WaitTimeSeconds=10
        )
        for message in answer.get("Messages", []):
            detail: Mapping[str, Any] = json.loads(message["Body"])["detail"]
            # SQS may deliver one twice.
            found.setdefault(str(detail["customer"]), int(detail["jobs"]))
        return found.keys() == _CALLS.keys()

    wait_until(all_came, minutes=_MINUTES, otherwise="a message did not come out of the pipe")
    require(found == _CALLS, f"the pipe sent on {found}")


def a_stream_goes_on_from_the_record_that_failed(smoke: Smoke) -> None:
    """The record that was reported as failed is retried, and no record before it."""
    name = smoke.account.outputs(events_name(smoke.account))["EventTableName"]
    dynamodb = smoke.account.client("dynamodb")
    for customer in _CALLS:
        dynamodb.put_item(TableName=name, Item={"customer": {"S": customer}})
    found: dict[str, int] = {}

    def all_done() -> bool:
        for item in dynamodb.scan(TableName=name, ConsistentRead=True)["Items"]:
            if "jobs" in item:
                found[item["customer"]["S"]] = int(item["jobs"]["N"])
        return found.keys() == _CALLS.keys()

    wait_until(all_done, minutes=_MINUTES, otherwise="a record was not worked on to its end")
    require(found == _CALLS, f"the stream's records were worked on so often: {found}")
