"""Each piece of `tokenvend.yaml` in the documents is one that `tokenvend validate` accepts.

A piece without providers is part of a file that the page does not show: it is parsed only.
"""

import re
import textwrap
from pathlib import Path

import pytest
from scripts.site import pages

from tokenvend_cli.configuration.checked import check_file
from tokenvend_cli.configuration.load import load_configuration
from tokenvend_cli.configuration.providers import undiscovered

ROOT = Path(__file__).parents[2]
PARTS = ("version:", "providers:", "credentials:", "issuers:", "callers:", "grants:")


def _snippets(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [textwrap.dedent(each) for each in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    return [each for each in found if each.startswith(PARTS)]


SNIPPETS = [
    pytest.param(snippet, id=f"{page}-{number}")
    for page in pages()
    for number, snippet in enumerate(_snippets(page), 1)
]


def test_there_are_snippets() -> None:
    assert SNIPPETS


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_snippet_is_accepted(snippet: str, tmp_path: Path) -> None:
    file = tmp_path / "tokenvend.yaml"
    version = "" if snippet.startswith("version:") else "version: 1\n"
    file.write_text(version + snippet, encoding="utf-8")

    if "providers:" in snippet:
        check_file(file, lambda _: undiscovered, local_stack=False)
    else:
        load_configuration(file)
