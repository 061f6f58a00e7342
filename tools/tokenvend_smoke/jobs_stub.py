"""Stands for `jobs_api` and `set_aside` in the examples' handlers, where AWS itself is looked at.

It fails once for the customer `globex`, and counts how often each customer was asked for.
"""

_calls: dict[str, int] = {}


class RetryableError(Exception):
    """As that of `jobs_api`."""


class PermanentError(Exception):
    """As that of `jobs_api`."""


def read_jobs(customer: str) -> list[dict[str, str]]:
    """As many jobs as this is the customer's call."""
    _calls[customer] = _calls.get(customer, 0) + 1
    if customer == "globex" and _calls[customer] == 1:
        raise RetryableError("api_503")
    return [{}] * _calls[customer]


def set_aside(body: str, reason: str) -> None:
    """Nothing is refused here."""
    raise AssertionError(f"{reason}: {body}")
