"""A user consents on the deployed pages, and the caller's connection opens the API."""

import pytest
import requests
from tests.local_stack.consenting_shop import RETURN_URL, Shop, code_in, consent, new_shop
from tests.local_stack.harness import Harness

from tokenvend_local.browsing import Browser
from tokenvend_local.callers import (
    ask_as_client,
    ask_directly,
    ask_signed,
    connect_as_client,
    connect_signed,
)
from tokenvend_local.demo_provider.clients import Flavour
from tokenvend_local.stack import LocalStack


@pytest.fixture(scope="module")
def shop(stack: LocalStack, harness: Harness) -> Shop:
    return new_shop(stack, harness)


@pytest.mark.parametrize("flavour", Flavour)
def test_a_user_consents_and_the_token_opens_the_api_as_that_user(
    stack: LocalStack, harness: Harness, flavour: Flavour
) -> None:
    shop = new_shop(stack, harness, flavour)
    browser = Browser()

    returned = consent(browser, shop.start(), user="grace")
    completed = shop.complete(returned)
    vended = [
        ask_signed(stack.deployed, shop.role, shop.credential, connection="ada"),
        ask_directly(
            stack.deployed,
            shop.role,
            shop.alias,
            {"credential": shop.credential, "connection": "ada"},
        ),
    ]

    assert returned.status == 200
    assert (completed.status, completed.document["account"]) == (200, "grace"), completed.document
    assert browser.cookies == {}
    for answer in vended:
        assert answer.error is None, answer.document
        me = requests.get(
            stack.provider.url + "/users/me",
            headers={"Authorization": f"Bearer {answer.token}"},
            timeout=10,
        )
        assert me.json()["id"] == "grace"
        assert answer.document["scope"] == "jobs_read user_me_read"


def test_a_connection_is_at_the_path_that_it_was_started_with(
    stack: LocalStack, harness: Harness
) -> None:
    shop = new_shop(stack, harness, own_path=True)
    browser, there = Browser(), {"tenant.realm": "identity"}
    asked = {"connection": "ada", "return_url": RETURN_URL}

    refused = [
        shop.connections("start", **asked, **wrong)
        for wrong in ({}, {"tenant.realm": "../identity"}, {"tenant.realm": "oauth2"})
    ]
    started = shop.connections("start", **asked, **there)
    completed = shop.complete(consent(browser, started.document["connect_url"]))
    vended = ask_signed(stack.deployed, shop.role, shop.credential, connection="ada")
    moved = shop.connections("start", **asked, **{"tenant.realm": "identity-2"})

    assert [answer.error for answer in refused] == ["invalid_request"] * 3
    assert completed.document["tenant.realm"] == "identity", completed.document
    assert vended.error is None, vended.document
    assert moved.error == "invalid_request"
    assert "disconnect it first" in moved.document["error_description"]


def test_an_oauth_client_has_connections_too(stack: LocalStack, harness: Harness) -> None:
    credential, name = harness.name("hiring"), harness.name("shop")
    harness.consent_credential(credential)
    harness.caller(name, client_id=name)
    harness.grant(name, credential, return_urls=[RETURN_URL])
    harness.apply()
    client = harness.new_client(name)

    started = connect_as_client(
        *(stack.deployed, client, credential, "start"), connection="ada", return_url=RETURN_URL
    )
    code = code_in(consent(Browser(), started.document["connect_url"]))
    done = connect_as_client(
        *(stack.deployed, client, credential, "complete"), connection="ada", code=code
    )
    vended = ask_as_client(stack.deployed, client, credential, connection="ada")

    assert done.document["status"] == "active"
    assert vended.error is None, vended.document


def test_a_connection_lives_on_through_reconnecting_and_ends_with_disconnecting(
    stack: LocalStack, shop: Shop
) -> None:
    shop.complete(consent(Browser(), shop.start("bob"), user="ada"), "bob")

    other = consent(Browser(), shop.start("bob"), user="grace")
    refused = shop.complete(other, "bob")
    meanwhile = shop.connections("inspect", connection="bob")
    told = shop.complete(other, "bob", may_change_account="true")
    listed = shop.connections("list")
    ended = shop.connections("disconnect", connection="bob")
    after = ask_signed(stack.deployed, shop.role, shop.credential, connection="bob")

    assert refused.error == "account_changed"
    assert meanwhile.document["account"] == "ada"
    assert told.document["account"] == "grace"
    assert listed.status == 200, listed.document
    assert "bob" in [one["connection"] for one in listed.document["connections"]]
    assert ended.status == 200
    assert after.error == "consent_required"


def test_denied_consent_leads_back_and_connects_nothing(shop: Shop) -> None:
    page = consent(Browser(), shop.start("carol"), press="Deny")

    assert page.title == "Nothing was connected"
    assert page.links["Back to Careers site"].endswith("connection=carol&error=access_denied")
    assert shop.connections("inspect", connection="carol").error == "invalid_target"


def test_two_browsers_cannot_finish_each_others_way(shop: Shop) -> None:
    mine, strangers = Browser(), Browser()
    asked = mine.open(shop.start("dora"))
    left = mine.press(asked, "Continue to Hiring")
    provider = mine.go_on(left)

    stolen = strangers.press(provider, "Allow", {"user": "mallory"})
    own = mine.press(provider, "Allow", {"user": "ada"})

    assert (stolen.status, stolen.title) == (403, "This was started in another browser")
    assert own.status == 200
    assert shop.complete(own, "dora").document["account"] == "ada"


def test_a_forwarded_link_binds_nobody_to_anybody(shop: Shop) -> None:
    """Whoever opens it has the code in a browser that the application does not know as theirs."""
    to_stranger = consent(Browser(), shop.start("my-user"), user="mallory")
    to_me = consent(Browser(), shop.start("strangers-user"), user="ada")

    bound_to_stranger = shop.complete(to_me, "my-user")
    bound_to_me = shop.complete(to_stranger, "strangers-user")

    assert (bound_to_stranger.error, bound_to_me.error) == ("invalid_grant", "invalid_grant")
    for name in ("my-user", "strangers-user"):
        assert shop.connections("inspect", connection=name).document["status"] == "pending"


def test_links_and_callbacks_are_good_for_one_use(shop: Shop) -> None:
    link, browser = shop.start("erin"), Browser()
    for _ in range(2):
        assert Browser().open(link).title == "Careers site asks for access to your Hiring account"
    left = browser.press(browser.open(link), "Continue to Hiring")
    again = Browser().open(link)
    returned = browser.press(browser.go_on(left), "Allow", {"user": "ada"})
    replayed = browser.open(returned.url)

    assert (again.status, replayed.status) == (410, 410)
    assert shop.complete(returned, "erin").status == 200
    assert shop.complete(returned, "erin").error == "invalid_grant"


def test_pages_come_with_their_headers_through_the_api(shop: Shop) -> None:
    page = Browser().open(shop.start("frank"))

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"


def test_another_callers_connection_is_absent_everywhere(
    stack: LocalStack, harness: Harness, shop: Shop
) -> None:
    shop.complete(consent(Browser(), shop.start("gina")), "gina")
    pending = consent(Browser(), shop.start("hugo"))
    name = harness.name("stranger")
    stranger = harness.role(name)
    harness.caller(name, iam=stranger)
    harness.grant(name, shop.credential, return_urls=[RETURN_URL])
    harness.apply()

    def tries(action: str, **form: str) -> str | None:
        return connect_signed(stack.deployed, stranger, shop.credential, action, **form).error

    vended = ask_signed(stack.deployed, stranger, shop.credential, connection="gina")
    assert vended.error == "consent_required"
    owned = f"{shop.alias}/gina"
    vended = ask_signed(stack.deployed, stranger, shop.credential, connection=owned)
    assert vended.error == "consent_required"
    assert tries("complete", connection="hugo", code=code_in(pending)) == "invalid_grant"
    assert tries("inspect", connection="gina") == "invalid_target"
    assert tries("disconnect", connection="gina") == "invalid_target"
    assert tries("start", connection=owned, return_url=RETURN_URL) == "invalid_request"
    assert shop.connections("inspect", connection="gina").document["status"] == "active"


def test_users_are_sent_nowhere_that_the_grant_does_not_list(shop: Shop) -> None:
    refused = shop.connections("start", connection="ivy", return_url="https://evil.example/")

    assert refused.error == "invalid_request"


def test_a_blocked_connection_vends_over_no_entry_until_the_block_is_lifted(
    stack: LocalStack, harness: Harness
) -> None:
    shop = new_shop(stack, harness)
    shop.complete(consent(Browser(), shop.start()))
    name = f"{shop.credential}/{shop.alias}/ada"
    direct = {"credential": shop.credential, "connection": "ada"}

    def errors() -> list[str | None]:
        return [
            ask_signed(stack.deployed, shop.role, shop.credential, connection="ada").error,
            ask_directly(stack.deployed, shop.role, shop.alias, direct).error,
            shop.connections("start", connection="ada", return_url=RETURN_URL).error,
        ]

    stack.tokenvend("block", "connection", name, "--reason", "test")
    blocked = errors()
    shown = stack.tokenvend("connections", "show", name)
    stack.tokenvend("unblock", "connection", name)

    assert blocked == ["unauthorized_client"] * 3
    assert "blocked: yes" in shown
    assert errors() == [None] * 3
