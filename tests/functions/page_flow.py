"""The pages' function, and a user's way through it."""

from collections.abc import Mapping
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.functions.conftest import Handler, load_handler, through
from tests.unit.consent.harness import Harness

import tokenvend.entries.pages.handler
from tokenvend.adapters.clock import SystemClock
from tokenvend.domain.secret import Secret


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    harness = Harness()
    harness.clock.set_wall(SystemClock().now())
    parts = SimpleNamespace(browser_flow=harness.pages)
    monkeypatch.setattr(tokenvend.entries.pages.handler, "composition_root", lambda: parts)
    return harness


@pytest.fixture
def handler(harness: Harness) -> Handler:
    del harness  # INIT needs it
    return load_handler("connect_pages")


def event(method: str, route: str, **changes: Any) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "resource": route,
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "multiValueHeaders": None,
        "headers": None,
        "body": None,
        **changes,
    }


def connect(method: str, link: Secret, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return event(
        method,
        "/connect/{link}",
        pathParameters={"link": link.reveal()},
        multiValueHeaders={name: [value] for name, value in (headers or {}).items()},
    )


def callback(cookie: str | None, **query: str) -> dict[str, Any]:
    return event(
        "GET",
        "/callback/{credential}",
        pathParameters={"credential": "hiring"},
        multiValueQueryStringParameters={name: [value] for name, value in query.items()},
        multiValueHeaders={"Cookie": [cookie]} if cookie else {},
    )


class Links(HTMLParser):
    """What a page leads to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.refresh = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.add(tag)
        if tag == "a":
            self.found.append(values.get("href") or "")
        if tag == "meta" and values.get("http-equiv") == "refresh":
            self.refresh = (values.get("content") or "").partition("url=")[2]


def leave(handler: Handler, harness: Harness) -> tuple[str, str]:
    """Press *Continue*: the cookie as a browser sends it back, and the state."""
    left = handler(connect("POST", harness.start()), through("live"))
    cookie = left["headers"]["Set-Cookie"].partition(";")[0]
    state = parse_qs(urlsplit(Links(left["body"]).refresh).query)["state"][0]
    return cookie, state
