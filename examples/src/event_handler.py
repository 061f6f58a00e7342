"""The target of an EventBridge rule: read a new customer's open jobs, and say how many.

EventBridge invokes it asynchronously. What it raises, Lambda tries twice more, and then gives to
the function's destination.
"""

import json
import os
from typing import Any

import boto3
from jobs_api import PermanentError, read_jobs
from set_aside import set_aside

_events = boto3.client("events")


def handler(event: dict[str, Any], context: object) -> None:
    """Take one event; put another on the bus.

    Raises:
        RetryableError: Lambda tries again.
    """
    del context
    customer = str(event["detail"]["customer"])
    try:
        jobs = read_jobs(customer)
    except PermanentError as error:
        set_aside(json.dumps(event), str(error))
        return
    entry = {
        "EventBusName": os.environ["EVENT_BUS"],
        "Source": "example.jobs",
        "DetailType": "Jobs Read",
        "Detail": json.dumps({"customer": customer, "jobs": len(jobs)}),
    }
    refused = _events.put_events(Entries=[entry])["FailedEntryCount"]
    if refused:
        raise RuntimeError("the bus took no event")
