"""`validate`, and what every command needs before it begins."""

import json

import pytest
from tests.cli.conftest import Tokenvend
from typer.testing import CliRunner

from tokenvend_cli.main import app


def test_validate_asks_neither_aws_nor_an_issuer(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.write(
        lambda document: document["providers"].update(acme={"issuer": "https://a.invalid"})
    )
    monkeypatch.setattr(tokenvend.stack, "describe_stacks", None)

    result = tokenvend.on_file("validate")

    assert result.exit_code == 0
    assert "2 credentials, 2 callers, 2 grants" in result.stdout


def test_validate_as_json_names_every_problem(tokenvend: Tokenvend) -> None:
    tokenvend.file.write_text("version: 1\ngrants:\n- caller: a\n", encoding="utf-8")

    result = tokenvend("validate", "--json", "--file", str(tokenvend.file))

    assert result.exit_code == 2
    assert json.loads(result.stdout) == {
        "valid": False,
        "problems": [{"place": "grants[0].credential", "line": 3, "what": "is needed"}],
    }


def test_problems_are_told_as_a_compiler_does(tokenvend: Tokenvend) -> None:
    tokenvend.file.write_text("version: 1\ncallers:\n  a: {}\n", encoding="utf-8")

    result = tokenvend.on_file("plan")

    assert f"{tokenvend.file}:3: callers.a: nobody can be this caller" in result.stderr
    assert "error: 1 mistake" in result.stderr


def test_loopback_provider_is_for_the_local_stack(tokenvend: Tokenvend) -> None:
    tokenvend.write(
        lambda document: document["providers"].update(acme={"token_endpoint": "http://127.0.0.1/"})
    )

    on_aws = tokenvend.on_file("plan")
    tokenvend.stack.outputs["LocalStack"] = "true"
    tokenvend.write(
        lambda document: (
            document["providers"].update(acme={"token_endpoint": "http://127.0.0.1/"}),
            document["callers"].pop("events"),
            document["grants"].pop(),
        )
    )

    assert on_aws.exit_code == 2
    assert tokenvend.on_file("plan").exit_code == 0


def test_missing_stack_is_told_with_the_mend(tokenvend: Tokenvend) -> None:
    result = tokenvend("--stack", "nothing", "plan", "--file", str(tokenvend.file))

    assert result.exit_code == 1
    assert "there is no stack nothing in this Region: name it with --stack" in result.stderr


def test_command_without_a_region_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    result = CliRunner().invoke(app, ["blocks"])

    assert result.exit_code == 1
    assert "--region or AWS_DEFAULT_REGION" in result.stderr


def test_stack_of_something_else_is_told(tokenvend: Tokenvend) -> None:
    tokenvend.stack.outputs.clear()

    result = tokenvend.on_file("plan")

    assert result.exit_code == 1
    assert "tokenvend is not a tokenvend deployment" in result.stderr
