"""Every link leads somewhere, and every page can be reached from the index."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from scripts.site import INDEX, navigation, pages, resolved

ROOT = Path(__file__).parents[2]
PAGES = pages()
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
CODE_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def _prose(page: str) -> str:
    return CODE_BLOCK.sub("", (ROOT / page).read_text(encoding="utf-8"))


def _links(page: str) -> Iterator[tuple[str, str]]:
    """The target of each link to a file, with its anchor or an empty string."""
    for target, anchor in LINK.findall(_prose(page)):
        if "://" not in target:
            yield resolved(page, target) if target else page, anchor


def _anchors(page: str) -> set[str]:
    """The anchors of the page's headings, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    assert [target for target, _ in _links(page) if not (ROOT / target).exists()] == []


def test_every_picture_is_there_and_loads_nothing() -> None:
    pictures = {
        resolved(page, target)
        for page in PAGES
        for target in re.findall(r"!\[[^]]+\]\(([^)]+)\)", _prose(page))
    }

    assert pictures
    for picture in pictures:
        text = (ROOT / picture).read_text(encoding="utf-8")
        assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - ours
        assert not re.search(r"(href|src)=.(https?:)?//|<script|@import", text), picture


@pytest.mark.parametrize("page", PAGES)
def test_every_anchor_is_a_heading(page: str) -> None:
    with_anchors = [(target, anchor) for target, anchor in _links(page) if anchor]

    assert [link for link in with_anchors if link[1] not in _anchors(link[0])] == []


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, left = set[str](), {INDEX}
    while left:
        page = left.pop()
        reached.add(page)
        left |= {target for target, _ in _links(page) if target in PAGES} - reached

    assert set(PAGES) - reached == set()


def test_index_itself_lists_every_page_but_the_decisions() -> None:
    listed = {INDEX} | {
        page
        for section in navigation((ROOT / INDEX).read_text(encoding="utf-8"))[1:]
        for entries in section.values()
        if isinstance(entries, list)
        for entry in entries
        for page in entry.values()
    }

    assert {page for page in PAGES if not re.match(r"docs/adr/\d", page)} == listed


def test_readme_leads_to_the_index() -> None:
    assert INDEX in {target for target, _ in _links("README.md")}
