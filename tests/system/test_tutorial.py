"""docs/tutorial.md, run line by line as it stands there, with a provider that nobody here wrote."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.local_stack.node_provider import NodeProvider, node_provider_running

from tokenvend_local import saved_state

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|text|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the page, and the output that it shows; `None` where it shows none."""

    command: str
    output: str | None


def steps(page: str) -> Iterator[Step]:
    """The page's commands, in order."""
    command = None
    for kind, text in BLOCK.findall(page):
        if kind == "sh":
            if command is not None:
                yield Step(command, None)
            command = text
        else:
            assert command is not None, "an output without a command"
            yield Step(command, text)
            command = None
    if command is not None:
        yield Step(command, None)


def is_as_shown(shown: str, printed: str) -> bool:
    """Whether *printed* is what the page shows: `…` is any text, and alone any lines."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n") is not None


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProvider]:
    log = tmp_path_factory.mktemp("provider") / "provider.log"
    with node_provider_running(log, jwks_uri="http://127.0.0.1:9/none") as running:
        yield running


def test_every_step_does_what_the_page_shows(provider: NodeProvider, tmp_path: Path) -> None:
    assert saved_state.state() is None, "a local stack is up: run `make down` first"
    mine = {
        "https://login.acme.example": provider.issuer,
        "login.acme.example": provider.issuer.removeprefix("http://"),
        "your-client-id": provider.basic.client_id,
        "your-client-secret": provider.basic.client_secret,
    }
    try:
        printed = "".join(_run(PAGE, mine, tmp_path / "shell"))
    finally:
        subprocess.run(["make", "down"], cwd=ROOT, capture_output=True, check=True)

    assert len(provider.exchanges()) == 1
    assert provider.basic.client_secret not in printed


def _run(page: str, mine: dict[str, str], shell: Path) -> Iterator[str]:
    """Run the page's steps in one shell's state; what each has printed."""
    shell.write_text("")
    for step in steps(page):
        command = _replaced(step.command, mine)
        script = f"set -eu; source {shell}; {command}\nexport -p > {shell}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        # A refusal that is explained is a failure of the command, as `docs/commands.md` says.
        assert done.returncode == int("explain" in command), done.stdout + done.stderr
        if step.output is not None:
            shown = _replaced(step.output, mine)
            if not is_as_shown(shown, done.stdout):
                # A token in what was printed must not be in the report of a test.
                printed = re.sub(r"[\w-]{32,}", "…", done.stdout)
                pytest.fail(f"{shown}\nis shown, not\n{printed}")
        if issued := re.search(r"\btv_\S+", done.stdout):
            mine["tv_…"] = issued[0]
        yield done.stdout


def _replaced(text: str, mine: dict[str, str]) -> str:
    for placeholder, value in mine.items():
        text = text.replace(placeholder, value)
    return text


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("one\n", "one\n", True),
        ("one\n", "two\n", False),
        ("a … c\n", "a b c\n", True),
        ("…\nlast\n", "1\n2\nlast\n", True),
        ("…\nlast\n", "1\nlast\n2\n", False),
        ("one\n", "one\ntwo\n", False),
    ],
)
def test_comparison_with_what_is_shown_knows_right_from_wrong(
    shown: str, printed: str, *, same: bool
) -> None:
    assert is_as_shown(shown, printed) is same


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("```sh\na\n```\n```text\nb\n```\n", [Step("a\n", "b\n")]),
        ("```sh\na\n```\n\n```sh\nb\n```\n", [Step("a\n", None), Step("b\n", None)]),
        ("```yaml\na\n```\n", []),
    ],
)
def test_steps_are_commands_with_their_output(page: str, found: Sequence[Step]) -> None:
    assert list(steps(page)) == list(found)
