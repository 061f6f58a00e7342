"""What the command says of itself."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from tests.cli import aws
from tests.cli.conftest import Tokenvend
from typer.testing import CliRunner

from tokenvend_cli.catalogue import CATALOGUE, Listed
from tokenvend_cli.main import app

type Words = tuple[str, ...]


def _commands(group: Any = None, words: Words = ()) -> Iterator[tuple[Words, Any]]:
    """Every command with its words, groups left out."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name), command


COMMANDS = dict(_commands())
TAKE_JSON = {
    words for words, each in COMMANDS.items() if any("--json" in one.opts for one in each.params)
}


#: They need a provider: test_probe.py and test_revoke.py read their JSON.
AT_A_PROVIDER = {("probe",), ("revoke",)}


def _help(*words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "100", "TERM": "dumb"})
    assert result.exit_code == 0
    return result.stdout


def _example(words: Words) -> list[str]:
    found = re.search(r"Example: tokenvend (.+?)\n *\n", _help(*words), re.DOTALL)
    assert found is not None
    return found[1].split()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example_of_itself(words: Words) -> None:
    example = _example(words)

    assert tuple(example[: len(words)]) == words


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_that_an_example_uses_exists(words: Words) -> None:
    options = {name for each in COMMANDS[words].params for name in each.opts}

    assert {word for word in _example(words) if word.startswith("-")} <= options


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_and_argument_is_described(words: Words) -> None:
    assert [each.name for each in COMMANDS[words].params if not each.help] == []


def test_help_of_the_whole_names_every_command_and_the_exit_codes() -> None:
    shown = _help()
    flat = " ".join(shown.split())

    assert all(f"\n  {words[0]} " in shown for words in COMMANDS)
    assert "Exit codes: 0 done; 1 refused, or it failed; 2 wrong use, or a wrong file; 3" in flat


@pytest.mark.parametrize("noun", ["secret", "caller"])
def test_help_of_a_noun_names_its_commands(noun: str) -> None:
    shown = _help(noun)

    assert all(f"\n  {words[1]} " in shown for words in COMMANDS if words[0] == noun)


@pytest.mark.parametrize("listed", CATALOGUE, ids=lambda listed: listed.name)
def test_help_of_the_whole_says_what_each_command_says_of_itself(listed: Listed) -> None:
    assert listed.load().help.partition("\n\n")[0].replace("\n", " ") == listed.does


#: What takes long to import, and what of it each command can do without.
AWS, FILE, NETWORK, SCREEN = "botocore", "yaml", "requests", "rich"
NOT_IMPORTED_FOR: dict[tuple[str, ...], set[str]] = {
    ("--help",): {AWS, FILE, NETWORK, SCREEN},
    ("--version",): {AWS, FILE, NETWORK, SCREEN},
    **{(*words, "--help"): {f"{AWS}.session", NETWORK} for words in COMMANDS},
    ("validate", "--file", "docs/examples/tokenvend.yaml"): {f"{AWS}.session", NETWORK},
    ("block", "caller"): {FILE, NETWORK, f"{AWS}.session"},
}


@pytest.mark.parametrize("words", NOT_IMPORTED_FOR, ids=" ".join)
def test_what_a_command_can_do_without_is_not_imported(words: tuple[str, ...]) -> None:
    code = (
        "import atexit, sys; from tokenvend_cli.main import app;"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); app(sys.argv[1:])"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )

    imported = set(ended.stderr.split())
    assert "tokenvend_cli.main" in imported
    assert imported & (NOT_IMPORTED_FOR[words] | {"boto3", "httpx"}) == set()


def test_nothing_said_is_a_question_for_help() -> None:
    result = CliRunner().invoke(app, [])

    assert "Usage: " in result.output
    assert result.exit_code == 2


def test_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])

    assert (result.exit_code, result.stdout) == (0, "tokenvend 0.1.0\n")


OF_THE_FILE = (
    ("validate",),
    ("plan",),
    ("apply", "--yes"),
    ("explain", "--caller", "shop", "--credential", "jobs"),
)
OF_AWS = (
    ("secret", "status"),
    ("secret", "put", "partner/acme"),
    ("secret", "import"),
    ("secret", "adopt", "jobs", "--arn", "ARN"),
    ("caller", "list"),
    ("caller", "new-secret", "shop"),
    ("caller", "retire-secret", "shop"),
    ("blocks",),
)
#: They need connections, which test_connections.py has.
#: They read what the command ships.
OF_PROFILES: tuple[Words, ...] = (("providers", "list"), ("providers", "show", "zoom"))
OF_CONNECTIONS = tuple(("connections", each) for each in ("list", "show", "forecast"))


@pytest.fixture
def arn(tokenvend: Tokenvend) -> str:
    """A deployment with something of everything; the ARN of a secret of the user's own."""
    tokenvend.apply()
    tokenvend("secret", "put", "jobs", stdin='{"client_id": "us", "client_secret": "x"}')
    tokenvend("block", "client", "shop-web", "--reason", "x")
    for _ in range(2):
        tokenvend("caller", "new-secret", "shop")
    made = aws.client("secretsmanager").create_secret(Name="ours", SecretString="{}")
    return str(made["ARN"])


@pytest.mark.parametrize("words", [*OF_THE_FILE, *OF_AWS, *OF_PROFILES], ids=" ".join)
def test_json_is_all_that_a_program_has_to_read(
    tokenvend: Tokenvend, arn: str, words: Words
) -> None:
    file = ("--file", str(tokenvend.file)) if words in OF_THE_FILE else ()
    replaced = [arn if word == "ARN" else word for word in words]

    fields = {"client_id": "us", "client_secret": "x"}
    line = {"name": "partner", "tenant": "acme", "fields": fields}
    stdin = json.dumps(line if "import" in words else fields)

    result = tokenvend(*replaced, *file, "--json", stdin=stdin)

    assert isinstance(json.loads(result.stdout), dict | list)
    assert result.exit_code == (1 if "adopt" in words else 0), result.output


def test_every_command_that_prints_json_is_tried_here() -> None:
    tried = [
        words
        for words in COMMANDS
        for each in (*OF_THE_FILE, *OF_AWS, *OF_PROFILES, *OF_CONNECTIONS)
        if each[: len(words)] == words
    ]

    assert set(tried) == TAKE_JSON - AT_A_PROVIDER
