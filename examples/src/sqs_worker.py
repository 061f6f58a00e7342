"""An SQS worker: read the open jobs of each message's customer, and put their number in a queue.

Its answer names the messages that SQS is to deliver again; the others are deleted.
"""

import json
import logging
import math
import os
from contextlib import suppress
from typing import Any

import boto3
from jobs_api import PermanentError, RetryableError, fetch_tokens, read_jobs
from set_aside import set_aside

_sqs = boto3.client("sqs")
_log = logging.getLogger(__name__)
#: What SQS takes at most, in seconds.
_VISIBILITY_MAXIMUM = 43_200


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Work through a batch; a message that fails does not hold up the others."""
    del context
    failures = []
    fetch_tokens(_customers_of(event))
    for record in event["Records"]:
        try:
            _work_on(record)
        except RetryableError as error:
            _log.warning("message %s comes again: %s", record["messageId"], error)
            _make_visible_after(record, error.retry_after_seconds)
            failures.append({"itemIdentifier": record["messageId"]})
        except PermanentError as error:
            _log.warning("message %s is set aside: %s", record["messageId"], error)
            set_aside(record["body"], str(error))
    return {"batchItemFailures": failures}


def _work_on(record: dict[str, Any]) -> None:
    customer = _customer_of(record["body"])
    result = {"customer": customer, "jobs": len(read_jobs(customer))}
    _sqs.send_message(QueueUrl=os.environ["RESULTS_QUEUE"], MessageBody=json.dumps(result))


def _customers_of(event: dict[str, Any]) -> set[str]:
    """The customers of a batch; a message that names none is dealt with by itself."""
    found = set()
    for record in event["Records"]:
        with suppress(PermanentError):
            found.add(_customer_of(record["body"]))
    return found


def _customer_of(body: str) -> str:
    try:
        return str(json.loads(body)["customer"])
    except (ValueError, KeyError, TypeError):
        raise PermanentError("malformed_message") from None


def _make_visible_after(record: dict[str, Any], seconds: float | None) -> None:
    """Have SQS deliver it when `Retry-After` says so, and not after the queue's usual time."""
    if seconds is None:
        return
    _sqs.change_message_visibility(
        QueueUrl=os.environ["QUEUE"],
        ReceiptHandle=record["receiptHandle"],
        VisibilityTimeout=min(math.ceil(seconds), _VISIBILITY_MAXIMUM),
    )
