"""The command, as the documents and the code itself tell people to type it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tokenvend_cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "docs").rglob("*.yaml")),
    ROOT / "demo" / "tokenvend.yaml",
]
SOURCES = [
    path
    for folder in ("cli", "tools", "layers", "functions")
    for path in (ROOT / folder).rglob("*.py")
]
GROUP: Any = typer.main.get_command(app)

#: A line of a block that begins with the command, perhaps after another; or a code span.
_IN_BLOCK = re.compile(r"^ *(?:.*&& )?tokenvend (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_IN_SPAN = re.compile(r"`tokenvend ([^`]+)`")
_PLACEHOLDERS = {"COMMAND"}


def _typed(text: str) -> Iterator[list[str]]:
    """The words of every `tokenvend …` in a page."""
    blocks = [block for kind, block in _BLOCK.findall(text) if kind in {"", "sh"}]
    lines = [line for block in blocks for line in _IN_BLOCK.findall(block.replace("\\\n", ""))]
    for line in [*lines, *_IN_SPAN.findall(text)]:
        yield shlex.split(line.split(" < ")[0], comments=True)


def _commands(group: Any = GROUP, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def _why_wrong(words: list[str]) -> str | None:
    """Why nobody can type this; `None` if it is right."""
    command, rest = GROUP, list(words)
    while rest and (rest[0].startswith("-") or hasattr(command, "commands")):
        word = rest.pop(0)
        if word.startswith("-"):
            option = next((each for each in command.params if word in each.opts), None)
            if option is None:
                return f"no option {word}"
            if not option.is_flag:
                rest = rest[1:]
        elif word in command.commands:
            command = command.commands[word]
        else:
            return None if word in _PLACEHOLDERS else f"no command {word}"
    known = {name for each in command.params for name in each.opts} | {"--help"}
    unknown = [word for word in rest if word.startswith("-") and word not in known]
    return f"no option {unknown[0]}" if unknown else None


def test_every_command_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `tokenvend ([a-z -]+)` \| (.+) \|$", page, re.MULTILINE))

    assert rows == {
        words: command.help.partition("\n\n")[0].replace("\n", " ")
        for words, command in _commands()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_can_be_typed(page: Path) -> None:
    typed = list(_typed(page.read_text(encoding="utf-8")))

    assert [(words, why) for words in typed if (why := _why_wrong(words))] == []


def test_every_command_that_the_code_advises_can_be_typed() -> None:
    typed = [
        words
        for path in SOURCES
        for words in _typed(re.sub(r"\{[^}]*\}", "COMMAND", path.read_text(encoding="utf-8")))
    ]

    assert typed
    assert [(words, why) for words in typed if (why := _why_wrong(words))] == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("secret put jobs", None),
        ("--stack a secret put jobs", None),
        ("plan --file a --json", None),
        ("frobnicate", "no command frobnicate"),
        ("secret frobnicate", "no command frobnicate"),
        ("plan --frobnicate", "no option --frobnicate"),
        ("--frobnicate plan", "no option --frobnicate"),
    ],
)
def test_check_of_a_typed_command_knows_right_from_wrong(words: str, why: str | None) -> None:
    assert _why_wrong(words.split()) == why


def test_documented_exit_codes_are_the_commands() -> None:
    from tokenvend_cli.commands import context

    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    codes = {int(code) for code in re.findall(r"^\| (\d) \|", page, re.MULTILINE)}

    assert codes == {0, context.FAILED, context.BAD_USE, context.DIFFERENCES, context.UNCHECKED}
