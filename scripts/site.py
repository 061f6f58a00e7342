"""`make docs`: build the documents as a site that needs no network, and check it.

The pages are copied to `build/docs/source` with the tree's own layout. A link to a file that is no
page (code, a template) becomes plain text there. The navigation is taken from the index. mkdocs
builds in its strict mode, which checks every link and anchor.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from posixpath import normpath

import yaml

from scripts.envs import ENVIRONMENTS, NODE, ROOT

INDEX = "docs/README.md"
BUILD = ROOT / "build" / "docs"
#: The library that draws the diagrams: the same as on GitHub, from the pinned packages.
MERMAID = NODE / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
MERMAID_IN_SITE = "assets/javascripts/mermaid.tiny.js"

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]*)(#[^)\s]*)?\)")
_STEP = re.compile(r"^\d+\. ")
_HEADING = re.compile(r"^## (.+)$")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)]+)\)")
_ASSETS = (".svg", ".png", ".css", ".yaml", ".json")
#: The URL from which the theme's script loads a library; `__md_scope` is the site's root.
_FOREIGN_MERMAID = re.compile(r'"https://unpkg\.com/mermaid@[^"]+"')
_FOREIGN_POLYFILL = re.compile(r'"https://unpkg\.com/resize-observer-polyfill"')
#: References that a browser loads without a click.
_LOADS = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*?\ssrc=[\"']?((?:https?:)?//[^\"'\s>]+)"
    r"|<link\b[^>]*?\shref=[\"']?((?:https?:)?//[^\"'\s>]+)"
    r"|url\([\"']?((?:https?:)?//[^\"')]+)"
    r"|@import [\"']((?:https?:)?//[^\"']+)"
)


def pages(root: Path = ROOT) -> list[str]:
    """Return every page, as a path below *root*."""
    below = sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.md"))
    examples = sorted(
        path.relative_to(root).as_posix() for path in (root / "examples").glob("*/README.md")
    )
    return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *below, *examples]


def for_the_site(page: str, text: str, published: set[str]) -> str:
    """Return *text* of *page* for mkdocs; links to unpublished files become plain text."""

    def keep_or_unlink(match: re.Match[str]) -> str:
        words, target, _ = match.groups()
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        return match[0] if resolved(page, target) in published else words

    return _indented(_LINK.sub(keep_or_unlink, text))


def _indented(text: str) -> str:
    """Return *text* with the content of numbered steps indented by four columns, not three.

    GitHub takes either; Python-Markdown takes four.
    """
    lines, in_step = [], False
    for line in text.split("\n"):
        if _STEP.match(line):
            in_step = True
        elif line and not line.startswith("   "):
            in_step = False
        lines.append(f" {line}" if in_step and line.startswith("   ") else line)
    return "\n".join(lines)


def resolved(page: str, target: str) -> str:
    """Return the path to which a link to *target* in *page* leads."""
    return normpath(Path(page).parent.joinpath(target).as_posix())


def navigation(index: str) -> list[dict[str, object]]:
    """Return the index's headings, each with its pages: [{heading: [{title: page}]}]."""
    found: list[dict[str, object]] = [{"Index": INDEX}]
    entries: list[dict[str, str]] = []
    for line in index.splitlines():
        if heading := _HEADING.match(line):
            entries = []
            found.append({heading[1]: entries})
        elif entry := _ENTRY.match(line):
            entries.append({entry[1]: resolved(INDEX, entry[2])})
    return found


def stage(folder: Path) -> None:
    """Copy the pages and their images to *folder*, where mkdocs reads them."""
    names = pages()
    assets = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "docs").rglob("*")
        if path.suffix in _ASSETS
    ]
    published = {*names, *assets}
    for name in published:
        target = folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / name).read_text(encoding="utf-8")
        target.write_text(for_the_site(name, text, published) if name in names else text)
    settings = {
        "INHERIT": str(ROOT / "mkdocs.yml"),
        "docs_dir": str(folder / "source"),
        "site_dir": str(folder / "site"),
        "nav": navigation((ROOT / INDEX).read_text(encoding="utf-8")),
    }
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(settings, sort_keys=False))


def build(folder: Path) -> Path:
    """Build the staged *folder* with mkdocs, in its strict mode; return the site's folder.

    Raises:
        SystemExit: a link is broken, or a page is not in the navigation; the text says which.
    """
    mkdocs = ENVIRONMENTS["docs"].path / "bin" / "mkdocs"
    done = subprocess.run(
        # Without `--quiet`, because the strict mode counts logged warnings.
        [str(mkdocs), "build", "--strict", "--config-file", str(folder / "mkdocs.yml")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit((done.stdout + done.stderr).strip())
    bring_own_scripts(folder / "site")
    return folder / "site"


def bring_own_scripts(site: Path) -> None:
    """Make the theme load its libraries from the site, not from another host."""
    shutil.copyfile(MERMAID, site / MERMAID_IN_SITE)
    for script in (site / "assets" / "javascripts").glob("bundle.*.js"):
        text = script.read_text(encoding="utf-8")
        own = _FOREIGN_MERMAID.sub(f'new URL("{MERMAID_IN_SITE}",__md_scope)', text)
        # Only browsers that the theme does not support would load it.
        script.write_text(_FOREIGN_POLYFILL.sub('"about:blank"', own), encoding="utf-8")


def foreign(site: Path) -> Iterator[str]:
    """Return what a browser would load from another host, as `file: address`."""
    for path in sorted(site.rglob("*")):
        if path.suffix not in {".html", ".css", ".js"}:
            continue
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(site).as_posix()
        for match in _LOADS.finditer(text):
            yield f"{name}: {next(filter(None, match.groups()))}"
        if path.suffix == ".js":
            yield from (
                f"{name}: {found}" for found in re.findall(r"https://unpkg\.com/\S+?\"", text)
            )


def main() -> int:
    """Build the site; return 1 if a page would load something from another host."""
    shutil.rmtree(BUILD, ignore_errors=True)
    stage(BUILD)
    site = build(BUILD)
    if found := list(foreign(site)):
        print("\n".join(found), file=sys.stderr)
        return 1
    name = site.relative_to(ROOT)
    print(f"{name}/index.html: {len(pages())} pages. The search needs a server:")
    print(f"  python3 -m http.server --bind 127.0.0.1 --directory {name} 8000")
    return 0


if __name__ == "__main__":
    sys.exit(main())
