"""A page on a language says of each snippet whether a test runs it."""

import re

import pytest
from scripts.envs import ROOT
from tests.system.page import RUN

DOCS = ROOT / "docs"
_WAYS = ("An OAuth client", "A workload with an IAM role", "A direct invocation")
_NOT_RUN = "This snippet was not run."


def _sections(page: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def test_every_page_on_a_language_is_known() -> None:
    assert {page.name for page in DOCS.glob("in-*.md")} == RUN.keys() | {"in-python.md"}


@pytest.mark.parametrize("page", RUN)
def test_what_is_not_run_says_so_and_nothing_else(page: str) -> None:
    sections = _sections(page)
    nothing = "Nothing of this page was run" in sections[""]

    not_run = {
        name for name in _WAYS if name in sections and (nothing or _NOT_RUN in sections[name])
    }

    assert {way.section for way in RUN[page]} | not_run == sections.keys() & set(_WAYS)
    assert not {way.section for way in RUN[page]} & not_run
