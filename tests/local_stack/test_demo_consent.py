"""Which way the demo's user goes through the pages, and what is said of it."""

import io

import pytest
from rich.console import Console

from tokenvend_local import chromium, guide


@pytest.mark.parametrize("browser", ["chromium", "google-chrome"])
def test_a_browser_with_its_driver_is_found(browser: str) -> None:
    installed = {browser: "/bin/browser", "chromedriver": "/bin/chromedriver"}

    assert chromium.is_found(installed.get)


@pytest.mark.parametrize("alone", ["chromium", "chromedriver"])
def test_a_browser_and_its_driver_are_of_no_use_alone(alone: str) -> None:
    assert not chromium.is_found({alone: "/bin/it"}.get)


def test_who_has_no_browser_here_is_told_of_the_link() -> None:
    assert "the link that make up prints" in guide.how_ada_consented(in_browser=False)
    assert "Chromium" in guide.how_ada_consented(in_browser=True)


def test_the_link_is_never_broken_over_two_lines() -> None:
    out = Console(file=io.StringIO(), width=30)
    link = "http://127.0.0.1:4566/connect/" + "a" * 43

    guide.print_link(out, link)

    assert isinstance(out.file, io.StringIO)
    assert link in out.file.getvalue()
