"""The snippets of a page, and what they print when they run as they stand there."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tokenvend_local import places


@dataclass(frozen=True)
class Way:
    """A section of a page on a language, and a caller of the demo that may do what it shows.

    `role` is `None` for the OAuth client. `api` is a path of the provider that the token opens.
    """

    section: str
    credential: str
    scope: str
    api: str
    role: str | None


CLIENT = Way("An OAuth client", "reports", "reports:read", "/reports", None)
ROLE = Way("A workload with an IAM role", "jobs", "jobs_read users_read", "/jobs", "careers-site")
DIRECT = Way("A direct invocation", "reports", "reports:read", "/reports", "nightly-export")

#: Page → what is run of it. What is not run says so on the page.
RUN: Mapping[str, Sequence[Way]] = {
    "in-bash.md": [CLIENT, ROLE],
    "in-dotnet.md": [],
    "in-go.md": [CLIENT, ROLE],
    "in-java.md": [CLIENT],
    "in-node.md": [CLIENT, ROLE, DIRECT],
}


def snippets(page: str, section: str, language: str) -> str:
    """The code blocks of *language* in a section of `docs/<page>`, one after the other."""
    text = (places.ROOT / "docs" / page).read_text(encoding="utf-8")
    _, found, rest = text.partition(f"\n## {section}\n")
    blocks = re.findall(
        rf"^```{language}\n(.*?)^```$", rest.partition("\n## ")[0], re.MULTILINE | re.DOTALL
    )
    assert found, f"{page} has no section {section!r}"
    assert blocks, f"{page} has no {language} in {section!r}"
    return "\n".join(blocks)


def replaced(code: str, names: Mapping[str, str]) -> str:
    """*code* with a reader's own name in place of each that the page shows."""
    for shown, own in names.items():
        assert shown in code, f"the page does not show {shown}"
        code = code.replace(shown, own)
    return code


def run(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run *command* with *environ* and nothing else."""
    return subprocess.run(
        command,
        env=dict(environ),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
