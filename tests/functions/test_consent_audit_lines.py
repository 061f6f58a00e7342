"""Every step of a user's consent leaves one audit line, with its rule if it failed."""

from html import unescape
from io import StringIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.functions.audit_lines import REFERENCE, lines, only
from tests.functions.conftest import load_handler, through
from tests.unit.consent.harness import RETURN_URL, SHOP
from tests.unit.consent.harness import Harness as ConsentHarness

import tokenvend.entries.callers
import tokenvend.entries.pages.handler
from tokenvend.adapters.clock import SystemClock


@pytest.fixture
def consents(monkeypatch: pytest.MonkeyPatch) -> ConsentHarness:
    """Shop's connections, by its role and by pages."""
    harness = ConsentHarness()
    harness.clock.set_wall(SystemClock().now())
    harness.reader.callers["alias:shop"] = harness.reader.callers[SHOP.identity]
    harness.reader.grants["alias:shop", "hiring"] = harness.reader.grants[SHOP.identity, "hiring"]
    parts = SimpleNamespace(
        vendor=None, connections=harness.caller_side, browser_flow=harness.pages
    )
    monkeypatch.setattr(tokenvend.entries.callers, "composition_root", lambda: parts)
    monkeypatch.setattr(tokenvend.entries.pages.handler, "composition_root", lambda: parts)
    return harness


def start(**changes: str) -> dict[str, Any]:
    asked = {"connection": "ada", "return_url": RETURN_URL, **changes}
    event = {"connections": {"action": "start", "credential": "hiring", **asked}}
    return load_handler("vend_direct")(event, through("shop"))


@pytest.mark.usefixtures("consents")
def test_what_a_caller_does_with_a_connection_is_a_line(log: StringIO) -> None:
    start()

    line = only(log)
    assert (line["message"], line["action"], line["outcome"]) == ("connection", "start", "done")
    assert (line["identity"], line["connection"]) == ("alias:shop", "ada")
    assert (line["credential"], line["request_id"]) == ("hiring", REFERENCE)


@pytest.mark.usefixtures("consents")
def test_what_a_caller_may_not_do_with_one_is_a_line_with_the_rule(log: StringIO) -> None:
    answer = start(return_url="https://evil.example/")

    line = only(log)
    assert answer["error"] == "invalid_request"
    assert (line["message"], line["action"]) == ("connection", "start")
    assert (line["outcome"], line["rule"]) == ("invalid_request", "grant.return_urls")
    assert (line["entry"], line["identity"], line["caller"]) == ("direct", "alias:shop", "shop")
    assert (line["connection"], line["request_id"]) == ("ada", REFERENCE)


def browser(method: str, route: str, **changes: Any) -> dict[str, Any]:
    return load_handler("connect_pages")(
        {"httpMethod": method, "resource": route, **changes}, through("live")
    )


def leave(harness: ConsentHarness) -> tuple[str, str]:
    """Press *Continue*; the cookie and the state."""
    link = {"link": harness.start().reveal()}
    left = browser("POST", "/connect/{link}", pathParameters=link)
    url = unescape(left["body"].partition("url=")[2].partition('"')[0])
    return left["headers"]["Set-Cookie"].partition(";")[0], parse_qs(urlsplit(url).query)["state"][
        0
    ]


def come_back(cookie: str, **query: str) -> dict[str, Any]:
    return browser(
        "GET",
        "/callback/{credential}",
        pathParameters={"credential": "hiring"},
        multiValueQueryStringParameters={name: [value] for name, value in query.items()},
        headers={"Cookie": cookie},
    )


@pytest.mark.parametrize(
    ("query", "step"), [({"code": "c"}, "pending"), ({"error": "access_denied"}, "denied")]
)
def test_how_far_a_user_comes_is_a_line_each(
    consents: ConsentHarness, log: StringIO, query: dict[str, str], step: str
) -> None:
    cookie, state = leave(consents)
    consents.consent()
    answer = come_back(cookie, state=state, **query)

    assert answer["statusCode"] == 200
    found = lines(log)
    assert [line["step"] for line in found] == ["left", step]
    assert {line["message"] for line in found} == {"consent"}
    assert {(line["connection"], line["caller"]) for line in found} == {("ada", "shop")}
    assert {line["request_id"] for line in found} == {REFERENCE}


@pytest.mark.parametrize(
    ("step", "outcome", "status"),
    [
        ("GET /connect/{link}", "link_over", 410),
        ("GET /callback/{credential}", "state_over", 410),
        ("POST /connect/{link}", "another_browser", 403),
    ],
)
def test_where_a_users_way_ends_is_a_line(
    consents: ConsentHarness, log: StringIO, step: str, outcome: str, status: int
) -> None:
    method, _, route = step.partition(" ")
    link = {"link": consents.start().reveal() if method == "POST" else "x" * 43}

    answer = browser(method, route, pathParameters=link, headers={"Sec-Fetch-Site": "cross-site"})

    line = only(log)
    assert answer["statusCode"] == status
    assert (line["step"], line["outcome"]) == (step, outcome)
    assert line["request_id"] == REFERENCE


def test_what_fails_behind_a_page_is_a_line_with_its_rule(
    consents: ConsentHarness, log: StringIO
) -> None:
    link = {"link": consents.start().reveal()}
    consents.sessions.is_away = True

    answer = browser("GET", "/connect/{link}", pathParameters=link)

    line = only(log)
    assert answer["statusCode"] == 503
    assert (line["step"], line["outcome"]) == ("GET /connect/{link}", "temporarily_unavailable")
    assert (line["rule"], line["request_id"]) == ("store.away", REFERENCE)


@pytest.mark.usefixtures("consents")
def test_an_address_that_is_no_page_says_so() -> None:
    answer = browser("POST", "/callback/{credential}")

    assert answer["statusCode"] == 404
    assert "There is nothing here" in answer["body"]
