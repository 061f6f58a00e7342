"""What the site is built from, and what must not be in it."""

from pathlib import Path

import pytest
from scripts.site import for_the_site, foreign, navigation, resolved


def test_a_link_to_what_is_no_page_becomes_text() -> None:
    text = "[the page](bounds.md#one) and [the code](../layers/bounds.py), [far](https://a.test/)"

    shown = for_the_site("docs/caching.md", text, {"docs/bounds.md"})

    assert shown == "[the page](bounds.md#one) and the code, [far](https://a.test/)"


def test_a_picture_is_left_alone() -> None:
    assert for_the_site("docs/a.md", "![a plot](img/a.svg)", set()) == "![a plot](img/a.svg)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1. Do\n\n   ```\n   it\n   ```\n", "1. Do\n\n    ```\n    it\n    ```\n"),
        ("1. Do\n   it\n2. Done\n", "1. Do\n    it\n2. Done\n"),
        ("1. Do\n\nText\n\n   code\n", "1. Do\n\nText\n\n   code\n"),
        ("```yaml\na:\n   b: c\n```\n", "```yaml\na:\n   b: c\n```\n"),
    ],
)
def test_what_belongs_to_a_step_is_indented_as_the_generator_needs_it(
    text: str, shown: str
) -> None:
    assert for_the_site("docs/a.md", text, set()) == shown


def test_navigation_is_the_list_of_the_index() -> None:
    index = "# Index\n\n## Start\n\n- [One](one.md): first\n\n## More\n\n- [Two](../TWO.md)\n"

    assert navigation(index) == [
        {"Index": "docs/README.md"},
        {"Start": [{"One": "docs/one.md"}]},
        {"More": [{"Two": "TWO.md"}]},
    ]


@pytest.mark.parametrize(
    ("page", "target", "path"),
    [
        ("docs/a.md", "b.md", "docs/b.md"),
        ("docs/a.md", "../C.md", "C.md"),
        ("README.md", "docs/a.md", "docs/a.md"),
    ],
)
def test_a_link_is_resolved_from_its_page(page: str, target: str, path: str) -> None:
    assert resolved(page, target) == path


@pytest.mark.parametrize(
    ("name", "text", "is_foreign"),
    [
        ("a.html", '<script src="https://cdn.test/a.js"></script>', True),
        ("a.html", '<link rel="stylesheet" href="//fonts.test/a.css">', True),
        ("a.html", '<img alt="a" src="https://img.test/a.png">', True),
        ("a.html", '<script src="assets/a.js"></script>', False),
        ("a.html", '<a href="https://example.com/">leave</a>', False),
        ("a.css", "body { background: url(https://img.test/a.png) }", True),
        ("a.css", "body { background: url(a.png) }", False),
        ("a.js", 'load("https://unpkg.com/mermaid@11/dist/mermaid.min.js")', True),
        ("a.js", 'load("a.js")', False),
    ],
)
def test_what_another_host_would_serve_is_found(
    tmp_path: Path, name: str, text: str, *, is_foreign: bool
) -> None:
    (tmp_path / name).write_text(text)

    assert bool(list(foreign(tmp_path))) is is_foreign
