"""Users consent in Chromium, without scripts: by keyboard, on a phone, in the dark, in two.

Screenshots of every page go to build/screenshots.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from selenium.webdriver.common.by import By
from tests.local_stack.harness import Harness
from tests.local_stack.node_provider import USER_SCOPES, node_provider_running
from tests.system.browser import (
    SHOTS,
    chromium,
    decide,
    press_by_keyboard,
    shoot,
    until_there,
    until_title,
)
from tests.system.returning_application import Application

from tokenvend_local.callers import Answer, ask_signed, connect_signed
from tokenvend_local.principals import Principal
from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import LocalStack, local_stack

#: Nobody looks there: no client of this provider signs with keys that are published.
JWKS = "https://keys.example/jwks.json"


@dataclass
class Shop:
    """A caller, and the application that its users come back to."""

    stack: LocalStack
    harness: Harness
    application: Application
    role: Principal
    credentials: list[str] = field(default_factory=list)

    def connections(self, action: str, credential: str = "hiring", **form: str) -> Answer:
        return connect_signed(self.stack.deployed, self.role, credential, action, **form)

    def link(self, connection: str, credential: str = "hiring") -> str:
        started = self.connections(
            "start", credential, connection=connection, return_url=self.application.return_url
        )
        return str(started.document["connect_url"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    SHOTS.mkdir(parents=True, exist_ok=True)
    application = Application()
    threading.Thread(target=application.serve_forever, daemon=True).start()
    with local_stack(FOLDER / "browser") as stack:
        harness = Harness(stack, tmp_path_factory.mktemp("world"), set())
        role = harness.role("careers-site")
        harness.caller("shop", iam=role, title="Careers site")
        harness.consent_credential("hiring")
        harness.grant("shop", "hiring", return_urls=[application.return_url])
        harness.apply()
        yield Shop(stack, harness, application, role)
    application.shutdown()
    application.server_close()


def test_a_user_consents_by_keyboard_and_the_token_opens_the_api(shop: Shop) -> None:
    shop.application.came.clear()
    with chromium() as driver:
        driver.get(shop.link("ada"))
        until_title(driver, "asks for access")
        shoot(driver, "ask")
        press_by_keyboard(driver)
        until_title(driver, "allow access?")
        shop.application.is_silent = True
        decide(driver, "grace", "allow")
        until_title(driver, "said yes")
        shoot(driver, "connected")
        shop.application.is_silent = False
        driver.find_element(By.LINK_TEXT, "Back to Careers site").click()
        until_title(driver, "The application")
    came, again = shop.application.came
    assert came == again

    done = shop.connections("complete", connection=came["connection"], code=came["code"])
    vended = ask_signed(shop.stack.deployed, shop.role, "hiring", connection="ada")

    assert done.document["account"] == "grace"
    me = requests.get(
        shop.stack.provider.url + "/users/me",
        headers={"Authorization": f"Bearer {vended.token}"},
        timeout=10,
    )
    assert me.json()["id"] == "grace"


def test_a_user_who_denies_is_led_back(shop: Shop) -> None:
    shop.application.came.clear()
    with chromium() as driver:
        driver.get(shop.link("carol"))
        until_title(driver, "asks for access")
        press_by_keyboard(driver)
        decide(driver, "ada", "deny")
        until_title(driver, "Nothing was connected")
        shoot(driver, "denied")
        driver.find_element(By.LINK_TEXT, "Back to Careers site").click()
        until_title(driver, "The application")

    assert shop.application.came == [{"connection": "carol", "error": "access_denied"}]


def test_a_way_begun_in_one_browser_does_not_end_in_another(shop: Shop) -> None:
    with chromium() as mine, chromium() as strangers:
        mine.get(shop.link("dora"))
        until_title(mine, "asks for access")
        press_by_keyboard(mine)
        until_title(mine, "allow access?")
        strangers.get(mine.current_url)
        decide(strangers, "mallory", "allow")
        until_title(strangers, "another browser")
        shoot(strangers, "another-browser")
        decide(mine, "ada", "allow")
        until_title(mine, "The application")

    code = shop.application.came[-1]["code"]
    assert shop.connections("complete", connection="dora", code=code).document["account"] == "ada"


def test_a_used_link_and_a_failure_say_what_to_do(shop: Shop) -> None:
    link = shop.link("erin")
    with chromium() as driver:
        driver.get(link)
        until_title(driver, "asks for access")
        press_by_keyboard(driver)
        until_title(driver, "allow access?")
        back = parse_qs(urlsplit(driver.current_url).query)
        driver.get(link)
        until_title(driver, "no longer good")
        shoot(driver, "link-over")
        driver.get(f"{back['redirect_uri'][0]}?error=server_error&state={back['state'][0]}")
        until_title(driver, "Something went wrong")
        shoot(driver, "wrong")
        reference = driver.find_element(By.TAG_NAME, "code").text

    assert reference in "".join(shop.stack.function_logs())


def test_a_user_consents_at_a_provider_that_nobody_here_wrote(shop: Shop) -> None:
    shop.application.came.clear()
    redirect_uri = shop.harness.redirect_uri("orders")
    log = shop.stack.folder / "node-provider.log"
    with (
        node_provider_running(log, jwks_uri=JWKS, redirect_uris=[redirect_uri]) as provider,
        chromium() as driver,
    ):
        shop.harness.foreign_credential(
            "orders",
            {"issuer": provider.issuer, "authorization_parameters": {"prompt": "consent"}},
            client_id=provider.consents.client_id,
            client_secret=provider.consents.client_secret,
            scopes=USER_SCOPES,
            kind="authorization_code",
            redirect_uri=redirect_uri,
        )
        shop.harness.grant("shop", "orders", return_urls=[shop.application.return_url])
        shop.harness.apply()
        driver.get(shop.link("ada", "orders"))
        until_title(driver, "asks for access")
        shoot(driver, "ask-openid")
        press_by_keyboard(driver)
        until_there(driver, "button[type=submit]")
        driver.find_element(By.NAME, "login").send_keys("ada")
        driver.find_element(By.NAME, "password").send_keys("any")
        driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
        until_there(driver, "input[value=consent]")
        driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
        until_title(driver, "The application")
        (came,) = shop.application.came
        shop.connections("complete", "orders", connection="ada", code=came["code"])
        vended = ask_signed(shop.stack.deployed, shop.role, "orders", connection="ada")
        me = requests.get(
            f"{provider.issuer}/me",
            headers={"Authorization": f"Bearer {vended.token}"},
            timeout=10,
        )

    assert me.json()["sub"] == "ada"
