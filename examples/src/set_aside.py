"""Put aside what no retry would help, so that somebody looks at it."""

import os

import boto3

_sqs = boto3.client("sqs")


def set_aside(body: str, reason: str) -> None:
    """Send *body* to the dead-letter queue, with *reason* as its attribute."""
    _sqs.send_message(
        QueueUrl=os.environ["DEAD_LETTER_QUEUE"],
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
    )
