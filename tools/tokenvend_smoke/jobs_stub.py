"""Replace `jobs_api` and `set_aside` in the examples' handlers, because only AWS is tested.

It fails once for the customer `globex`, and counts the calls for each customer.
"""

_calls: dict[str, int] = {}


class RetryableError(Exception):
    """As that of `jobs_api`."""


class PermanentError(Exception):
    """As that of `jobs_api`."""


def fetch_tokens(customers: object) -> None:
    """Do nothing: no token is needed here."""
    del customers


def read_jobs(customer: str) -> list[dict[str, str]]:
    """Return as many jobs as the number of this customer's calls so far."""
    _calls[customer] = _calls.get(customer, 0) + 1
    if customer == "globex" and _calls[customer] == 1:
        raise RetryableError("api_503")
    return [{}] * _calls[customer]


def set_aside(body: str, reason: str) -> None:
    """Do nothing: this stub never refuses a job."""
    raise AssertionError(f"{reason}: {body}")
