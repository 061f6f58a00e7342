"""The pages' function: what it shows, and the headers and the cookie that keep a flow to itself."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.functions.conftest import Handler, load_handler, through
from tests.unit.consent.harness import SHOP, Harness, key_of

import tokenvend.entries.pages.handler
from tokenvend.adapters.clock import SystemClock
from tokenvend.domain.secret import Secret
from tokenvend.entries.pages.html import STYLE, STYLE_HASH

type Answer = dict[str, Any]

#: What users do is an audit line: no log level may keep it out.
pytestmark = pytest.mark.usefixtures("log_level_critical")


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


def test_a_user_is_led_from_page_to_page(handler: Handler, harness: Harness) -> None:
    link = harness.start()

    asked = handler(connect("GET", link), through("live"))
    left = handler(connect("POST", link), through("live"))
    provider = Links(left["body"]).refresh
    state = parse_qs(urlsplit(provider).query)["state"][0]
    harness.consent()
    cookie = left["headers"]["Set-Cookie"].partition(";")[0]
    back = handler(callback(f"other=1; {cookie}", state=state, code="code-1"), through("live"))

    assert [each["statusCode"] for each in (asked, left, back)] == [200, 200, 200]
    assert "Shop asks for access to your Hiring account" in asked["body"]
    assert "See jobs" in asked["body"]
    assert "shop.example" in asked["body"]
    assert provider.startswith("https://hiring.example/allow?")
    returned = Links(back["body"])
    assert returned.refresh.startswith("https://shop.example/connected?tab=hiring&connection=ada")
    assert returned.found == [returned.refresh]
    assert harness.connections.read(key_of("ada")) is not None


@pytest.mark.parametrize("page", ["ask", "leave", "connected", "denied", "over", "wrong"])
def test_every_page_keeps_to_itself(handler: Handler, harness: Harness, page: str) -> None:
    answer = _some_page(handler, harness, page)

    headers = answer["headers"]
    policy = dict(
        directive.strip().partition(" ")[::2]
        for directive in headers["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'{STYLE_HASH}'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert not Links(answer["body"]).tags & {"script", "img", "iframe", "link"}
    assert not re.search(r"\sstyle=|\son\w+=", answer["body"])
    assert answer["body"].count("<h1>") == 1
    assert f"<style>{STYLE}</style>" in answer["body"]


def _some_page(handler: Handler, harness: Harness, page: str) -> Answer:
    live = through("live")
    match page:
        case "ask":
            return handler(connect("GET", harness.start()), live)
        case "leave":
            return handler(connect("POST", harness.start()), live)
        case "over":
            return handler(connect("GET", Secret("x" * 43)), live)
    cookie, state = leave(handler, harness)
    if page == "denied":
        return handler(callback(cookie, state=state, error="access_denied"), live)
    if page == "connected":
        harness.consent()
        return handler(callback(cookie, state=state, code="code-1"), live)
    return handler(callback(cookie, state=state, error="server_error"), live)


def test_cookie_is_for_this_host_and_this_flow_alone(handler: Handler, harness: Harness) -> None:
    first, second = (
        handler(connect("POST", harness.start()), through("live"))["headers"]["Set-Cookie"]
        for _ in range(2)
    )

    name, _, rest = first.partition("=")
    assert name.startswith("__Host-")
    assert rest.split("; ")[1:] == ["Max-Age=600", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"]
    assert second.partition("=")[0] != name


def test_cookie_is_forgotten_when_the_flow_is_over(handler: Handler, harness: Harness) -> None:
    cookie, state = leave(handler, harness)
    harness.consent()

    back = handler(callback(cookie, state=state, code="code-1"), through("live"))

    name = cookie.partition("=")[0]
    assert back["headers"]["Set-Cookie"].startswith(f"{name}=; Max-Age=0; ")


def test_a_scanner_that_gets_the_link_uses_nothing_up(handler: Handler, harness: Harness) -> None:
    link = harness.start()

    seen = [handler(connect("GET", link), through("live")) for _ in range(3)]

    assert not any("Set-Cookie" in each["headers"] for each in seen)
    assert handler(connect("POST", link), through("live"))["statusCode"] == 200


@pytest.mark.parametrize(
    ("site", "status"),
    [("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403)],
)
def test_no_other_site_presses_continue(
    handler: Handler, harness: Harness, site: str, status: int
) -> None:
    link = harness.start()

    answer = handler(connect("POST", link, {"Sec-Fetch-Site": site}), through("live"))

    assert answer["statusCode"] == status
    assert handler(connect("GET", link), through("live"))["statusCode"] == (
        410 if status == 200 else 200
    )


def test_two_browsers_cannot_swap_their_way_back(handler: Handler, harness: Harness) -> None:
    (mine, my_state), (theirs, their_state) = leave(handler, harness), leave(handler, harness)

    swapped = [
        handler(callback(theirs, state=my_state, code="code-1"), through("live")),
        handler(callback(mine, state=their_state, code="code-1"), through("live")),
        handler(callback(None, state=my_state, code="code-1"), through("live")),
    ]

    assert [each["statusCode"] for each in swapped] == [403, 403, 403]
    assert harness.provider.requests == []
    harness.consent()
    own = handler(callback(mine, state=my_state, code="code-1"), through("live"))
    assert own["statusCode"] == 200


def test_a_replayed_callback_says_that_it_is_over(handler: Handler, harness: Harness) -> None:
    cookie, state = leave(handler, harness)
    harness.consent()
    handler(callback(cookie, state=state, code="code-1"), through("live"))

    replayed = handler(callback(cookie, state=state, code="code-1"), through("live"))

    assert replayed["statusCode"] == 410
    assert "This link is no longer good" in replayed["body"]


@pytest.mark.usefixtures("harness")
def test_a_state_of_half_a_character_is_over_and_no_crash(handler: Handler) -> None:
    answer = handler(callback(None, state="\ud800", code="code-1"), through("live"))

    assert answer["statusCode"] == 410


def test_denied_says_so_and_leads_back(handler: Handler, harness: Harness) -> None:
    cookie, state = leave(handler, harness)

    answer = handler(callback(cookie, state=state, error="access_denied"), through("live"))

    assert "Nothing was connected" in answer["body"]
    (link,) = Links(answer["body"]).found
    assert link.endswith("&connection=ada&error=access_denied")


def test_what_went_wrong_has_a_reference_and_no_detail(
    handler: Handler, harness: Harness, log: StringIO
) -> None:
    cookie, state = leave(handler, harness)
    invocation = through("live")
    query = {"state": state, "error": "server_error", "error_description": "secret-detail"}

    answer = handler(callback(cookie, **query), invocation)

    lines = log.getvalue()
    assert answer["statusCode"] == 502
    assert invocation.aws_request_id in answer["body"]
    assert invocation.aws_request_id in lines
    assert '"provider_error":"server_error"' in lines
    for word in ("secret-detail", state, cookie.partition("=")[2]):
        assert word not in answer["body"]
        assert word not in lines


def test_nothing_of_a_whole_flow_is_in_the_log(
    handler: Handler, harness: Harness, log: StringIO
) -> None:
    link = harness.start()
    handler(connect("GET", link), through("live"))
    left = handler(connect("POST", link), through("live"))
    state = parse_qs(urlsplit(Links(left["body"]).refresh).query)["state"][0]
    cookie = left["headers"]["Set-Cookie"].partition(";")[0]
    harness.consent()
    back = handler(callback(cookie, state=state, code="provider-code"), through("live"))
    code = parse_qs(urlsplit(Links(back["body"]).refresh).query)["code"][0]

    lines = log.getvalue()

    assert '"step":"pending"' in lines
    words = (link.reveal(), state, cookie.partition("=")[2], "provider-code", code, "refresh-1")
    assert [word for word in words if word in lines] == []


@pytest.mark.parametrize("alias", [None, "shop", "7"])
def test_only_the_api_reaches_the_pages(
    handler: Handler, harness: Harness, alias: str | None
) -> None:
    answer = handler(connect("GET", harness.start()), through(alias))

    assert answer["statusCode"] == 403
    assert "Shop" not in answer["body"]


@pytest.mark.parametrize("link", ["", "short", "a" * 200, "../../x", "<script>alert(1)</script>"])
@pytest.mark.usefixtures("harness")
def test_a_link_that_cannot_be_one_is_over(handler: Handler, link: str) -> None:
    answer = handler(connect("GET", Secret(link)), through("live"))

    assert answer["statusCode"] == 410
    assert "alert(1)" not in answer["body"]


def test_names_from_the_file_cannot_become_markup(handler: Handler, harness: Harness) -> None:
    evil = '<script>alert("1")</script>'
    harness.reader.callers[SHOP.identity] = replace(
        harness.reader.callers[SHOP.identity], title=evil
    )

    answer = handler(connect("GET", harness.start()), through("live"))

    assert evil not in answer["body"]
    assert "&lt;script&gt;" in answer["body"]


def test_a_dead_store_asks_to_wait(handler: Handler, harness: Harness) -> None:
    link = harness.start()
    harness.sessions.is_away = True

    answer = handler(connect("GET", link), through("live"))

    assert answer["statusCode"] == 503
    assert "It may pass" in answer["body"]


@pytest.mark.usefixtures("harness")
def test_another_path_or_method_is_not_a_page(handler: Handler) -> None:
    for method, route in (("POST", "/callback/{credential}"), ("GET", "/")):
        assert handler(event(method, route), through("live"))["statusCode"] == 404
