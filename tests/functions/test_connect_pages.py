"""The pages' function: what it shows on the way."""

from dataclasses import replace
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.functions.conftest import Handler, through
from tests.functions.page_flow import Links, callback, connect, event, handler, harness, leave
from tests.unit.consent.harness import SHOP, Harness, key_of

from tokenvend.domain.secret import Secret

__all__ = ["handler", "harness"]

#: What users do is an audit line: no log level may keep it out.
pytestmark = pytest.mark.usefixtures("log_level_critical")


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
