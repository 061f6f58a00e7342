"""A task of a state machine: read a customer's open jobs, and answer with their number.

The state machine retries a `RetryableError`, and catches a `PermanentError`. The token stays in
here: a state's input and output are kept in the execution's history for 90 days.
"""

from typing import Any

from jobs_api import read_jobs


def handler(state: dict[str, Any], context: object) -> dict[str, Any]:
    """Take `{"customer": …}`; give `{"customer": …, "jobs": …}`."""
    del context
    customer = str(state["customer"])
    return {"customer": customer, "jobs": len(read_jobs(customer))}
