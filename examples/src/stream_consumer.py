"""A consumer of a DynamoDB stream: complete each new customer's item with the number of its jobs.

Its answer names the first record that failed. Lambda goes on from there, so that the order within
a shard is kept.
"""

import json
import os
from typing import Any

import boto3
from jobs_api import PermanentError, RetryableError, fetch_tokens, read_jobs
from set_aside import set_aside

_dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Work through the records of one shard, in their order."""
    del context
    fetch_tokens({record["dynamodb"]["Keys"]["customer"]["S"] for record in event["Records"]})
    for record in event["Records"]:
        change = record["dynamodb"]
        customer = change["Keys"]["customer"]["S"]
        try:
            _complete(customer, len(read_jobs(customer)))
        except RetryableError:
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
        except PermanentError as error:
            set_aside(json.dumps({"customer": customer}), str(error))
    return {"batchItemFailures": []}


def _complete(customer: str, jobs: int) -> None:
    try:
        _dynamodb.update_item(
            TableName=os.environ["TABLE"],
            Key={"customer": {"S": customer}},
            UpdateExpression="SET jobs = :jobs",
            # An item that was deleted meanwhile stays away.
            ConditionExpression="attribute_exists(customer)",
            ExpressionAttributeValues={":jobs": {"N": str(jobs)}},
        )
    except _dynamodb.exceptions.ConditionalCheckFailedException:
        return
