"""`secret import` when AWS refuses or somebody interrupts: what it prints, and how to go on."""

import io
import json
import threading
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError
from tests.cli.aws import aws_error
from tests.cli.conftest import Tokenvend
from tests.cli.importing import SECRET, import_line, jsonl, refusing, run_import

from tokenvend_cli.deployment import secret_import
from tokenvend_cli.deployment.secrets import Secrets


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDeniedException", "your role lacks a right: SecretWriterPolicyArn"),
        ("InvalidRequestException", "a secret of this name is being deleted"),
        ("LimitExceededException", "the account's quota of secrets is used up"),
        ("ThrottlingException", "import the same file again"),
    ],
)
def test_what_aws_refuses_is_told_with_what_to_do_and_without_the_secret(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    tokenvend.apply()
    monkeypatch.setattr(BaseClient, "_make_api_call", refusing("CreateSecret", code))

    result = run_import(tokenvend, jsonl(import_line("acme")))

    assert result.exit_code == 1
    assert f"line 1 (partner/acme): AWS refused CreateSecret ({code}): {told}" in result.stderr
    assert SECRET not in result.output


@pytest.mark.parametrize(
    "error",
    [
        aws_error("ExpiredTokenException", "expired", "CreateSecret"),
        EndpointConnectionError(endpoint_url="https://aws.example"),
    ],
    ids=["signed out", "no network"],
)
def test_import_that_no_line_can_survive_ends_and_the_next_run_writes_the_rest(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tokenvend.apply()
    monkeypatch.setattr(secret_import, "WORKERS", 1)
    lines = jsonl(*(import_line(f"t{number}") for number in range(9)))
    real, begun = Secrets.put_if_changed, []

    def failing(self: Secrets, *arguments: Any) -> bool:
        begun.append(arguments)
        if len(begun) == 3:
            raise error
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Secrets, "put_if_changed", failing)
        cut = tokenvend.json("secret", "import", stdin=lines)
    rest = tokenvend.json("secret", "import", stdin=lines)

    assert (len(cut["written"]), len(cut["wrong"]), len(cut["not_tried"])) == (2, 1, 6)
    assert (rest["unchanged"], len(rest["written"])) == (cut["written"], 7)


def test_interrupt_waits_for_what_is_under_way_and_says_how_to_go_on(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()
    monkeypatch.setattr(secret_import, "WORKERS", 1)
    lines = jsonl(*(import_line(f"t{number}") for number in range(9)))
    is_interrupted = threading.Event()
    real = Secrets.put_if_changed

    def slow(self: Secrets, *arguments: Any) -> bool:
        is_interrupted.wait(10)
        return real(self, *arguments)

    def interrupt(_: object) -> None:
        is_interrupted.set()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Secrets, "put_if_changed", slow)
        patch.setattr(secret_import, "as_completed", interrupt)
        cut = run_import(tokenvend, lines)
    rest = tokenvend.json("secret", "import", stdin=lines)

    assert cut.exit_code == 1
    assert "lines were not tried: import the same file again" in cut.stderr
    assert len(rest["unchanged"]) >= 1
    assert len(rest["unchanged"]) + len(rest["written"]) == 9


def test_progress_is_shown_to_a_person_alone(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    tokenvend.apply()
    monkeypatch.setattr("tokenvend_cli.commands.import_secrets._WORTH_A_BAR", 2)
    monkeypatch.setattr("tokenvend_cli.deployment.secrets.WRITES_PER_SECOND", 1000)
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    lines = jsonl(*(import_line(f"t{number}") for number in range(3)))

    quiet = run_import(tokenvend, lines)
    monkeypatch.setattr("tokenvend_cli.commands.import_secrets.error_console", lambda: screen)
    watched = run_import(tokenvend, lines, "--json")

    assert quiet.stderr == ""
    assert "Writing secrets" in screen.file.getvalue()  # type: ignore[attr-defined]
    assert len(json.loads(watched.stdout)["unchanged"]) == 3
    assert SECRET not in screen.file.getvalue()  # type: ignore[attr-defined]
