"""The enrichment of an EventBridge pipe: add the number of open jobs to each message.

The pipe hands over a batch, and sends on what it gets back. It tries the batch again if this
function raises; that does no harm, because reading is all that is done here.
"""

import json
from typing import Any

from jobs_api import PermanentError, read_jobs


def handler(records: list[dict[str, Any]], context: object) -> list[dict[str, Any]]:
    """Take SQS records; give `{"customer": …, "jobs": …}` for each, or `refused` with a code.

    Raises:
        RetryableError: the pipe tries the batch again.
    """
    del context
    return [_enriched(json.loads(record["body"])) for record in records]


def _enriched(message: dict[str, Any]) -> dict[str, Any]:
    try:
        return {**message, "jobs": len(read_jobs(str(message["customer"])))}
    except PermanentError as error:
        return {**message, "refused": str(error)}
