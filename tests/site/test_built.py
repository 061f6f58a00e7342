"""The site as `make docs` builds it. Strict mode has looked at each link and anchor."""

import re
from pathlib import Path

import pytest

from scripts import site


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    site.stage(folder)
    return site.build(folder)


def test_every_page_is_built(built: Path) -> None:
    names = {Path(page).with_suffix(".html").as_posix() for page in site.pages()}
    # mkdocs calls a folder's README its index.
    wanted = {name.replace("README.html", "index.html") for name in names}

    assert wanted <= {path.relative_to(built).as_posix() for path in built.rglob("*.html")}


def test_nothing_is_loaded_from_another_host(built: Path) -> None:
    assert list(site.foreign(built)) == []


def test_theme_loads_the_diagrams_library_from_the_site(built: Path) -> None:
    (bundle,) = (built / "assets" / "javascripts").glob("bundle.*.js")

    assert site.MERMAID_IN_SITE in bundle.read_text(encoding="utf-8")
    assert (built / site.MERMAID_IN_SITE).stat().st_size > 1_000_000


@pytest.mark.parametrize("link", ["gone.md", "bounds.md#gone"])
def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path, link: str) -> None:
    site.stage(tmp_path)
    page = tmp_path / "source" / "docs" / "glossary.md"
    page.write_text(f"{page.read_text()}\n[gone]({link})\n")

    with pytest.raises(SystemExit, match=re.escape(link)):
        site.build(tmp_path)


def test_a_page_that_is_in_no_list_stops_the_build(tmp_path: Path) -> None:
    site.stage(tmp_path)
    (tmp_path / "source" / "docs" / "forgotten.md").write_text("# Forgotten\n")

    with pytest.raises(SystemExit, match=r"forgotten\.md"):
        site.build(tmp_path)
