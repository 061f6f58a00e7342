"""Act as a user in headless Chromium: the steps of `consenting.consent`, in a real browser."""

import os
import shutil
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tokenvend_local.consenting import USER
from tokenvend_local.errors import LocalStackError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_DRIVER = "chromedriver"
_WAIT_SECONDS = 30
_FLAGS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    # No host name resolves, so that only this machine can be reached.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def is_found(which: Callable[[str], str | None] = shutil.which) -> bool:
    """Whether a Chromium or Chrome is on the PATH, with its driver."""
    return which(_DRIVER) is not None and any(which(name) for name in _BROWSERS)


def consent(connect_url: str, *, user: str = USER) -> str:
    """Consent as a user in Chromium; return the one-time code that the application gets.

    Raises:
        LocalStackError: the browser does not start, or a page does not lead on.
    """
    driver = start()
    try:
        driver.get(connect_url)
        _press(driver, "form button")
        _press(driver, f"input[value={user}]")
        _press(driver, "button[value=allow]")
        # No server listens at the application's address: reaching that URL is enough.
        WebDriverWait(driver, _WAIT_SECONDS).until(lambda d: _code(d.current_url))
        return _code(driver.current_url) or ""
    except TimeoutException:
        raise LocalStackError(f"The page does not lead on: {driver.title}") from None
    finally:
        driver.quit()


def start() -> WebDriver:
    """Start headless Chromium, which reaches nothing but this machine; the caller must quit it.

    Raises:
        LocalStackError: it does not start.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, _BROWSERS)), "")
    # The driver would wait for every redirect to load; each step waits for what it needs.
    options.page_load_strategy = "none"
    for flag in _FLAGS:
        options.add_argument(flag)
    if os.geteuid() == 0:
        # Chromium's own sandbox refuses root.
        options.add_argument("--no-sandbox")
    service = webdriver.ChromeService(shutil.which(_DRIVER))
    try:
        return webdriver.Chrome(options=options, service=service)
    except WebDriverException:
        raise LocalStackError(
            "Chromium does not start by its chromedriver; their versions must be the same. "
            "With no chromedriver on the PATH, the demo does without."
        ) from None


def _press(driver: WebDriver, css: str) -> None:
    WebDriverWait(driver, _WAIT_SECONDS).until(lambda d: d.find_elements(By.CSS_SELECTOR, css))
    driver.find_element(By.CSS_SELECTOR, css).click()


def _code(url: str) -> str | None:
    query = parse_qs(urlsplit(url).query)
    # The provider's redirect to tokenvend has a code too, but with a state: it is not meant.
    return query["code"][0] if "code" in query and "state" not in query else None
