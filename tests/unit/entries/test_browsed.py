"""A browser's request as the gateway brings it, and what keeps a page to itself."""

from datetime import timedelta
from typing import Any

import pytest

from tokenvend.domain.secret import Secret
from tokenvend.entries.pages.html import STYLE_HASH
from tokenvend.entries.pages.http import (
    binding_cookie,
    cookie_name,
    forgetting_cookie,
    page_answer,
    parse_browsed,
)

STATE = Secret("state-1")
NAME = cookie_name(STATE)
GOOD = "b" * 20


def browsed(**event: Any) -> Any:
    return parse_browsed({"httpMethod": "GET", "resource": "/connect/{link}", **event})


def test_a_request_is_taken_apart_as_it_came() -> None:
    one = browsed(
        pathParameters={"link": "l" * 20, "credential": "jobs"},
        multiValueQueryStringParameters={"state": ["a", "b"]},
    )

    assert (one.method, one.route) == ("GET", "/connect/{link}")
    assert one.parameters["credential"] == "jobs"
    assert one.query == {"state": ["a", "b"]}
    assert not one.cookies
    assert not one.is_cross_site


def test_what_the_gateway_leaves_out_is_empty() -> None:
    names = ("pathParameters", "multiValueQueryStringParameters", "headers", "multiValueHeaders")

    one = browsed(**dict.fromkeys(names))

    assert (one.parameters, one.query, one.cookies, one.link) == ({}, {}, {}, None)


@pytest.mark.parametrize(
    ("link", "is_one"),
    [
        ("l" * 19, False),
        ("l" * 20, True),
        ("Az0_-" * 5, True),
        ("l" * 128, True),
        ("l" * 129, False),
        ("l" * 20 + "\n", False),
        ("l" * 20 + "/", False),
        ("\u00e4" * 20, False),
    ],
)
def test_a_link_has_the_form_of_one(link: str, *, is_one: bool) -> None:
    found = browsed(pathParameters={"link": link}).link

    assert found == (Secret(link) if is_one else None)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("b" * 19, False), (GOOD, True), ("b" * 128, True), ("b" * 129, False), ("b b" * 9, False)],
)
def test_a_cookie_has_the_form_of_one(value: str, *, is_one: bool) -> None:
    found = browsed(headers={"Cookie": f"a=b; {NAME}={value}; c=d"}).browser(STATE)

    assert found == (Secret(value) if is_one else None)


def test_a_cookie_of_another_flow_is_not_this_ones() -> None:
    assert browsed(headers={"cookie": f"{NAME}={GOOD}"}).browser(Secret("state-2")) is None
    assert cookie_name(STATE) == f"__Host-tokenvend-{STATE.sha256[:16]}"


def test_of_two_cookies_of_one_name_the_first_counts() -> None:
    several = {"Cookie": [f"{NAME}={GOOD}", "other=x"], "Sec-Fetch-Site": ["same-origin"]}

    one = browsed(multiValueHeaders=several)
    two = browsed(multiValueHeaders={"COOKIE": ["no cookie", f"{NAME}={GOOD};{NAME}={'c' * 20}"]})

    assert one.cookies == {NAME: GOOD, "other": "x"}
    assert two.browser(STATE) == Secret(GOOD)


def test_the_value_of_a_cookie_may_hold_an_equals_sign() -> None:
    assert browsed(headers={"Cookie": "a=b=c; d"}).cookies == {"a": "b=c"}


def test_of_a_header_that_repeats_the_last_value_counts() -> None:
    one = browsed(multiValueHeaders={"Sec-Fetch-Site": ["cross-site", "same-origin"]})

    assert not one.is_cross_site


def test_a_header_that_is_listed_counts_before_the_one_that_is_named() -> None:
    one = browsed(
        multiValueHeaders={"Sec-Fetch-Site": ["same-origin", "cross-site"]},
        headers={"sec-fetch-site": "none"},
    )

    assert one.is_cross_site


@pytest.mark.parametrize(
    ("site", "is_cross"),
    [
        ("same-origin", False),
        ("none", False),
        ("same-site", True),
        ("cross-site", True),
        ("", True),
    ],
)
def test_only_our_own_page_or_the_user_sends_a_request(site: str, *, is_cross: bool) -> None:
    assert browsed(headers={"Sec-Fetch-Site": site}).is_cross_site is is_cross


def test_a_flow_is_bound_to_this_host_and_over_https_alone() -> None:
    attributes = "Path=/; Secure; HttpOnly; SameSite=Lax"

    assert binding_cookie(STATE, Secret(GOOD), timedelta(minutes=10)) == (
        f"{NAME}={GOOD}; Max-Age=600; {attributes}"
    )
    assert forgetting_cookie(STATE) == f"{NAME}=; Max-Age=0; {attributes}"


def test_a_page_runs_nothing_loads_nothing_and_is_kept_by_nobody() -> None:
    answer = page_answer(410, "<p>over</p>")
    headers = answer["headers"]

    assert (answer["statusCode"], answer["body"]) == (410, "<p>over</p>")
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src '{STYLE_HASH}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


def test_a_cookie_is_set_on_the_page_that_it_is_for() -> None:
    assert page_answer(200, "", "a=b")["headers"]["Set-Cookie"] == "a=b"
    assert "Set-Cookie" not in page_answer(200, "")["headers"]
