"""The site in a browser that reaches no other host: every diagram is drawn."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from scripts.envs import ROOT
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from scripts import site
from tokenvend_local import chromium

WITH_DIAGRAMS = {
    page: text.count("```mermaid")
    for page in site.pages()
    if "```mermaid" in (text := (ROOT / page).read_text(encoding="utf-8"))
}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Keep the test's output to what it says."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("docs")
    site.stage(folder)
    handler = partial(_Quiet, directory=str(site.build(folder)))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[WebDriver]:
    driver = chromium.start()
    yield driver
    driver.quit()


@pytest.mark.parametrize("page", WITH_DIAGRAMS)
def test_every_diagram_is_drawn_with_nothing_from_elsewhere(
    address: str, browser: WebDriver, page: str
) -> None:
    name = page.removesuffix(".md").replace("README", "index")
    browser.get(f"{address}/{name}.html")

    WebDriverWait(browser, 30).until(
        lambda driver: _drawn(driver) == [True] * WITH_DIAGRAMS[page], "a diagram is not drawn"
    )
    loaded = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    asked = browser.execute_script(loaded)
    assert [url for url in asked if not url.startswith(address)] == []


def test_search_finds_a_word_of_the_glossary(address: str, browser: WebDriver) -> None:
    browser.get(f"{address}/index.html?q=single+flight")

    found = WebDriverWait(browser, 30).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, ".md-search-result__link")
    )
    links = [str(each.get_attribute("href")) for each in found]
    assert any("/docs/glossary.html" in link for link in links)


def _drawn(driver: WebDriver) -> list[bool]:
    """Whether each diagram has a size: the theme draws it in a closed shadow tree."""
    elements = driver.find_elements(By.CSS_SELECTOR, "div.mermaid")
    return [element.size["height"] > 100 for element in elements]
