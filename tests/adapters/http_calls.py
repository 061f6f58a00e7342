"""Calls of the real provider client, and what to see of each that gets no answer."""

import time
import traceback
from collections.abc import Callable

import pytest
from tests.adapters.servers import Server

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain import bounds
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.ports import ProviderAwayError

LIMIT = bounds.PROVIDER_ANSWER_BYTES
SECRET = "a-client-secret"
#: For what never ends; and what a loaded machine may take on top.
IMPATIENT_SECONDS = 0.3
SLACK_SECONDS = 2.0

OK = "HTTP/1.1 200 OK"
CLOSE = "Connection: close"


def length(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


def request_to(url: str) -> ProviderRequest:
    form = {"grant_type": "client_credentials", "client_secret": SECRET, "scope": "a b&c"}
    return ProviderRequest(url, form, {"Accept": "application/json", "Authorization": SECRET})


def client(**changes: object) -> RequestsProviderClient:
    settings: dict[str, object] = {"allow_loopback_http": True}
    return RequestsProviderClient(**(settings | changes))  # type: ignore[arg-type]


def away(url: str, sender: RequestsProviderClient | None = None) -> str:
    """Send, see it refused in time and without a secret in reach; the text of the refusal."""
    started = time.monotonic()
    with pytest.raises(ProviderAwayError) as caught:
        (sender or client()).send(request_to(url))
    took = time.monotonic() - started

    assert took < IMPATIENT_SECONDS + SLACK_SECONDS
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


type Serve = Callable[..., Server]
