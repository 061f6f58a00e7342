"""Read a customer's open jobs from the provider's API, with a token from tokenvend.

This module stands for your own code that calls an API. Each of its failures is one of two errors,
because that is what a queue, a stream or a state machine has to know: whether to try again.
"""

import os
from collections.abc import Iterable
from typing import Any

import requests

from tokenvend_client import Client, TemporarilyUnavailableError, TokenvendError
from tokenvend_client.requests import TokenAuth

_TIMEOUT_SECONDS = 10
#: One client and one session for each execution environment: both last over its invocations.
#: The client waits 15 s at most; whoever invoked the function can wait longer, and for less money.
_client = Client(timeout_seconds=15)
_session = requests.Session()


class RetryableError(Exception):
    """A retry may help. `retry_after_seconds` is when, `None` if nobody said so."""

    def __init__(self, code: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(code)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(Exception):
    """A retry does not help; the text is a short code that says why."""


def fetch_tokens(customers: Iterable[str]) -> None:
    """Get the tokens of many customers by one invocation for each 25, before `read_jobs`."""
    _client.prefetch(os.environ["CREDENTIAL"], tenants=customers, scope="jobs_read")


def read_jobs(customer: str, *, min_ttl_seconds: int = 0) -> list[dict[str, Any]]:
    """The open jobs of *customer*, which is a tenant of the credential `CREDENTIAL`.

    Raises:
        RetryableError: tokenvend or the API is away, or has had too many requests.
        PermanentError: one of them says no.
    """
    auth = TokenAuth(
        _client,
        os.environ["CREDENTIAL"],
        scope="jobs_read",
        tenant=customer,
        min_ttl_seconds=min_ttl_seconds,
    )
    url = f"{os.environ['API_URL']}/jobs"
    try:
        answer = _session.get(url, auth=auth, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
    except TemporarilyUnavailableError as error:
        raise RetryableError(error.code, error.retry_after_seconds) from None
    except TokenvendError as error:
        raise PermanentError(error.code or type(error).__name__) from None
    except (requests.ConnectionError, requests.Timeout):
        raise RetryableError("api_unreachable") from None
    return _jobs_of(answer)


def _jobs_of(answer: requests.Response) -> list[dict[str, Any]]:
    status = answer.status_code
    if status == requests.codes.too_many_requests or status >= requests.codes.server_error:
        after = answer.headers.get("Retry-After", "")
        raise RetryableError(f"api_{status}", float(after) if after.isdecimal() else None)
    if status != requests.codes.ok:
        raise PermanentError(f"api_{status}")
    jobs: list[dict[str, Any]] = answer.json()["content"]
    return jobs
