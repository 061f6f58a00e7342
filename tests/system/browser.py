"""Chromium without scripts: wait for a page, take its pictures, press its buttons."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
WAIT_SECONDS = 20
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1000,760"),
)


@contextmanager
def chromium() -> Iterator[WebDriver]:
    """A browser with a profile of its own that runs no script of any page."""
    options = webdriver.ChromeOptions()
    # The driver would wait for whatever a page moves on to; each step waits for what it needs.
    options.page_load_strategy = "none"
    for flag in _FLAGS:
        options.add_argument(flag)
    options.add_experimental_option(
        "prefs", {"profile.managed_default_content_settings.javascript": 2}
    )
    found = shutil.which("chromedriver")
    assert found, "no chromedriver: scripts/system-packages says how to get one"
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(found))
    try:
        yield driver
    finally:
        driver.quit()


def until_title(driver: WebDriver, words: str) -> None:
    WebDriverWait(driver, WAIT_SECONDS).until(lambda d: words in d.title)


def until_there(driver: WebDriver, css: str) -> None:
    WebDriverWait(driver, WAIT_SECONDS).until(lambda d: d.find_elements(By.CSS_SELECTOR, css))


def shoot(driver: WebDriver, name: str) -> None:
    """The page in the light, in the dark, and on a phone; nothing may be wider than the screen."""
    looks = {"light": (1000, 760, False), "dark": (1000, 760, True), "phone": (390, 844, False)}
    for look, (width, height, dark) in looks.items():
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": width,
                "height": height,
                "deviceScaleFactor": 1,
                "mobile": look == "phone",
            },
        )
        driver.save_screenshot(str(SHOTS / f"{name}-{look}.png"))
        size = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        assert size["width"] <= width
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def press_by_keyboard(driver: WebDriver) -> None:
    """Tab to the only button of the page, and press Enter."""
    until_there(driver, "form button")
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    focused = driver.switch_to.active_element
    assert focused.tag_name == "button"
    focused.send_keys(Keys.ENTER)


def decide(driver: WebDriver, user: str, decision: str) -> None:
    """What a user does at the demo provider."""
    until_title(driver, "allow access?")
    until_there(driver, "button[value=deny]")
    driver.find_element(By.CSS_SELECTOR, f"input[value={user}]").click()
    driver.find_element(By.CSS_SELECTOR, f"button[value={decision}]").click()
