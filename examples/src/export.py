"""A scheduled export: write every customer's open jobs into one object of the day.

A run that is repeated writes the same object again.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any

import boto3
from jobs_api import PermanentError, fetch_tokens, read_jobs

_s3 = boto3.client("s3")
#: An export is long work: no token may end in the middle of it.
_MIN_TTL_SECONDS = 300


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Export the customers whom the event names; give the object's key.

    Raises:
        RetryableError: Lambda tries again.
    """
    del context
    exported: dict[str, Any] = {}
    fetch_tokens(event["customers"])
    for customer in event["customers"]:
        try:
            exported[customer] = read_jobs(customer, min_ttl_seconds=_MIN_TTL_SECONDS)
        except PermanentError as error:
            exported[customer] = {"refused": str(error)}
    key = f"jobs/{datetime.now(UTC).date()}.json"
    _s3.put_object(Bucket=os.environ["BUCKET"], Key=key, Body=json.dumps(exported).encode())
    return {"key": key}
