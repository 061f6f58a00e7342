"""An API, and requests to it by each library."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
from tests.client.api import Api, serving_api

import tokenvend_client.httpx
import tokenvend_client.requests
from tokenvend_client import Client

#: Sends one request with an auth object of its own; gives the status.
Send = Callable[..., int]


def with_requests(method: str, url: str, *, asked: Any, data: Any = None) -> int:
    auth = tokenvend_client.requests.TokenAuth(*asked[0], **asked[1])
    with requests.Session() as session:
        answer = session.request(method, url, auth=auth, data=data, timeout=10)
        return answer.status_code


def with_httpx(method: str, url: str, *, asked: Any, data: Any = None) -> int:
    auth = tokenvend_client.httpx.TokenAuth(*asked[0], **asked[1])
    with httpx.Client(auth=auth, follow_redirects=True, trust_env=False) as client:
        return client.request(method, url, content=data).status_code


def with_async_httpx(method: str, url: str, *, asked: Any, data: Any = None) -> int:
    auth = tokenvend_client.httpx.TokenAuth(*asked[0], **asked[1])

    async def send() -> int:
        async with httpx.AsyncClient(auth=auth, follow_redirects=True, trust_env=False) as client:
            return (await client.request(method, url, content=data)).status_code

    return asyncio.run(send())


@pytest.fixture(params=[with_requests, with_httpx, with_async_httpx], ids=lambda f: f.__name__)
def send(request: pytest.FixtureRequest) -> Send:
    sender: Send = request.param
    return sender


@pytest.fixture
def api() -> Iterator[Api]:
    with serving_api() as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[Api]:
    with serving_api() as running:
        yield running


def asked(client: Client, **more: Any) -> tuple[tuple[Client, str], dict[str, Any]]:
    return (client, "sr-jobs"), more
