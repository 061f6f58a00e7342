"""Each client that is said to work is used by the test that the page names."""

import re

from scripts.envs import ROOT
from tests.system.page import RUN

PAGE = ROOT / "docs" / "standard-clients.md"


def test_every_client_of_the_page_is_in_its_test_or_in_what_that_runs() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|.*\| (`tests/.+`) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )

    assert len(rows) > 10
    for client, tests in rows:
        for test in re.findall(r"`([^`]+)`", tests):
            assert client in _run_by(test), (client, test)


def _run_by(test: str) -> str:
    """A test's text, with that of the page or the script that it runs."""
    text = (ROOT / test).read_text("utf-8")
    pages = [name for name in [*RUN, "in-python.md"] if name in text]
    scripts = [path for path in (ROOT / "clients").glob("git*/*") if path.parent.name in text]
    scripts += [path for path in (ROOT / test).parent.glob("*.mjs") if path.name in text]
    return text + "".join(
        path.read_text("utf-8") for path in [*(ROOT / "docs" / name for name in pages), *scripts]
    )
