"""The headers and the cookie that keep a flow to itself."""

import re
from typing import Any

import pytest
from tests.functions.conftest import Handler, through
from tests.functions.page_flow import Links, callback, connect, handler, harness, leave
from tests.unit.consent.harness import Harness

from tokenvend.domain.secret import Secret
from tokenvend.entries.pages.html import STYLE, STYLE_HASH

__all__ = ["handler", "harness"]

type Answer = dict[str, Any]
#: What users do is an audit line: no log level may keep it out.
pytestmark = pytest.mark.usefixtures("log_level_critical")


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
