"""`secret import`: many secrets from standard input."""

import csv
import io
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError
from tests.cli import aws
from tests.cli.aws import aws_error
from tests.cli.conftest import Tokenvend
from tests.fakes.signer import new_pair, pem_of
from typer.testing import Result

from tokenvend.domain.signing import SigningAlgorithm
from tokenvend_cli.deployment import secret_import
from tokenvend_cli.deployment.secrets import Secrets

type SecretGenerations = Callable[[], dict[str, str]]

HOST = "login.acme.example"
SECRET = "hunter2-hunter2"


def _line(tenant: str | None = "acme", name: str = "partner", **fields: str) -> dict[str, Any]:
    value = {"client_id": f"id-{tenant}", "client_secret": SECRET} | fields
    return {"name": name, "fields": value} | ({"tenant": tenant} if tenant else {})


def _jsonl(*lines: object) -> str:
    return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)


def _import(tokenvend: Tokenvend, stdin: str, *words: str) -> Result:
    return tokenvend("secret", "import", *words, stdin=stdin)


def _manager() -> Any:
    return aws.client("secretsmanager")


def _stored(name: str) -> dict[str, str]:
    text = _manager().get_secret_value(SecretId=f"tokenvend/tokenvend/{name}")["SecretString"]
    document: dict[str, str] = json.loads(text)
    return document


def _names() -> list[str]:
    return sorted(
        each["Name"].removeprefix("tokenvend/tokenvend/")
        for each in _manager().list_secrets()["SecretList"]
    )


def _versions(name: str) -> int:
    found = _manager().list_secret_version_ids(SecretId=f"tokenvend/tokenvend/{name}")
    return len(found["Versions"])


def test_json_lines_are_written_each_under_its_own_name(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()

    result = _import(tokenvend, _jsonl(_line("acme"), "", _line("Globex_1"), _line(None, "jobs")))

    assert result.exit_code == 0, result.output
    assert "3 secrets are written" in result.stdout
    assert _names() == ["jobs", "partner/Globex_1", "partner/acme"]
    assert _stored("partner/Globex_1") == {"client_id": "id-Globex_1", "client_secret": SECRET}
    assert sorted(secret_generations()) == [
        "epoch#jobs",
        "epoch#partner/Globex_1",
        "epoch#partner/acme",
    ]
    assert SECRET not in result.output


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_written_as_a_spreadsheet_saves_it(tokenvend: Tokenvend, delimiter: str) -> None:
    tokenvend.apply()
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows(
        [
            ["name", "tenant", "client_id", "client_secret"],
            ["partner", "acme", "a, b; c", 'say "hello"'],
            ["", "", "", ""],
            ["jobs", "", "us", SECRET],
        ]
    )

    result = _import(tokenvend, "\ufeff" + text.getvalue())

    assert result.exit_code == 0, result.output
    assert _stored("partner/acme") == {"client_id": "a, b; c", "client_secret": 'say "hello"'}
    assert _stored("jobs") == {"client_id": "us", "client_secret": SECRET}


def test_the_same_import_again_writes_nothing(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()
    lines = _jsonl(_line("acme"), _line("globex"))
    _import(tokenvend, lines)
    before = secret_generations()

    again = tokenvend.json("secret", "import", stdin=lines)

    assert (again["written"], again["unchanged"]) == ([], ["partner/acme", "partner/globex"])
    assert secret_generations() == before
    assert _versions("partner/acme") == 1


def test_only_what_is_another_value_is_written_again(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()
    _import(tokenvend, _jsonl(_line("acme"), _line("globex")))
    before = secret_generations()

    newer = _jsonl(_line("acme", client_secret="newer"), _line("globex"))
    again = tokenvend.json("secret", "import", stdin=newer)

    assert (again["written"], again["unchanged"]) == (["partner/acme"], ["partner/globex"])
    assert _stored("partner/acme")["client_secret"] == "newer"
    assert [
        name
        for name, secret_generation in secret_generations().items()
        if before[name] != secret_generation
    ] == ["epoch#partner/acme"]


def test_secret_generation_that_a_former_run_could_not_announce_is_announced(
    tokenvend: Tokenvend, secret_generations: SecretGenerations, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()
    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", _refusing("PutItem", "InternalServerError"))
        cut = _import(tokenvend, _jsonl(_line("acme")))
    missing = secret_generations()

    _import(tokenvend, _jsonl(_line("acme")))

    assert cut.exit_code == 1
    assert "the secret of partner/acme is written, but" in cut.stderr
    assert (missing, list(secret_generations())) == ({}, ["epoch#partner/acme"])
    assert _versions("partner/acme") == 1


WRONG = {
    "no JSON": (SECRET, "is not a JSON object such as"),
    "a list": (f'["{SECRET}"]', "is not a JSON object such as"),
    "nested too deeply": ("[" * 100_000, "is not a JSON object such as"),
    "another key": (_line() | {"secret": SECRET}, "has another key beside name, tenant and fields"),
    "no name": ({"tenant": "x", "fields": {}}, "names no credential"),
    "name that is a secret": (_line(name=SECRET), "no credential of this name is deployed"),
    "name of no form": (_line(name=f"{SECRET}/{SECRET}/"), "name or tenant cannot be one"),
    "tenant that is a number": (_line() | {"tenant": 7}, "has a tenant that is no text"),
    "tenant of no form": (_line(f"{SECRET} "), "name or tenant cannot be one"),
    "no fields": ({"name": "partner", "tenant": "x"}, "has no fields"),
    "field that is a number": (
        {"name": "partner", "tenant": "x", "fields": {"client_secret": 7}},
        "has no fields: give an object of texts",
    ),
    "no tenant": (_line(None), "(partner): a family has a secret for each tenant"),
    "tenant of no family": (_line(SECRET, "jobs"), "(jobs): the credential is no family"),
    "unknown field": (_line(**{SECRET: "x"}), "the fields must be client_id and client_secret"),
    "missing field": (
        {"name": "partner", "tenant": "x", "fields": {"client_secret": SECRET}},
        "(partner/x): client_id must be a text",
    ),
    "white space": (_line("x", client_secret=f"{SECRET}\n"), "client_secret has white space"),
}


@pytest.mark.parametrize(("wrong", "told"), WRONG.values(), ids=WRONG)
def test_wrong_line_is_told_by_its_number_without_a_secret_and_others_are_written(
    tokenvend: Tokenvend, wrong: object, told: str
) -> None:
    tokenvend.apply()

    result = _import(tokenvend, _jsonl(_line("acme"), wrong, _line("globex")))
    rows = tokenvend.json("secret", "import", stdin=_jsonl(_line("acme"), wrong))["wrong"]

    assert result.exit_code == 1
    assert "error: line 2" in result.stderr
    assert told in result.stderr
    assert [row["line"] for row in rows] == [2]
    assert SECRET not in result.output + json.dumps(rows)
    assert _names() == ["partner/acme", "partner/globex"]


WRONG_CSV = {
    "too few cells": (f"partner,{SECRET}", "has 2 columns, but the first line names 4"),
    "too many cells": (f"partner,x,us,a,{SECRET}", "has 5 columns, but the first line names 4"),
    "open quote": (f'partner,x,us,"{SECRET}', "is not CSV: a quote is open"),
    "no name": (f",x,us,{SECRET}", "names no credential"),
    "no secret": ("partner,x,us,", "(partner/x): client_secret must be a text"),
    "quoted line break": (f'partner,x,us,"{SECRET}\n{SECRET}\n"', "has white space around it"),
}


@pytest.mark.parametrize(("wrong", "told"), WRONG_CSV.values(), ids=WRONG_CSV)
def test_wrong_row_of_csv_is_told_by_the_line_at_which_it_begins(
    tokenvend: Tokenvend, wrong: str, told: str
) -> None:
    tokenvend.apply()
    good = f'partner,acme,us,"{SECRET}\nof two lines"'

    result = _import(tokenvend, f"name,tenant,client_id,client_secret\n{good}\n\n{wrong}\n")

    assert result.exit_code == 1
    assert "error: line 5" in result.stderr
    assert told in result.stderr
    assert SECRET not in result.output
    assert _names() == ["partner/acme"]


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        pytest.param("", "standard input is empty", id="nothing"),
        pytest.param(" \n\n", "standard input is empty", id="white space"),
        pytest.param(f"partner,acme,us,{SECRET}\n", "names the columns", id="no header"),
        pytest.param("name,name\nx,y\n", "names the columns", id="a column twice"),
        pytest.param(",,\n,,\n", "names the columns", id="commas alone"),
    ],
)
def test_input_without_a_form_is_refused_whole(tokenvend: Tokenvend, stdin: str, told: str) -> None:
    tokenvend.apply()

    result = _import(tokenvend, stdin)

    assert result.exit_code == 2
    assert told in result.stderr
    assert SECRET not in result.output


def test_input_that_is_not_utf_8_is_refused_and_not_quoted(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    stdin: Any = SECRET.encode("utf-16")

    result = _import(tokenvend, stdin)

    assert result.exit_code == 2
    assert "is not UTF-8" in result.stderr
    assert SECRET not in repr(result.exception) + result.output


def test_person_at_a_terminal_is_told_to_give_a_file(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()
    monkeypatch.setattr("tokenvend_cli.commands.import_secrets.is_terminal", lambda: True)

    result = _import(tokenvend, _jsonl(_line()))

    assert (result.exit_code, _names()) == (2, [])
    assert "tokenvend secret import < FILE" in result.stderr


def test_of_two_lines_for_one_secret_neither_is_written(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    result = _import(
        tokenvend, _jsonl(_line("acme"), _line("globex"), _line("acme", client_secret="newer"))
    )

    assert result.exit_code == 1
    for number in (1, 3):
        assert f"line {number} (partner/acme): lines 1 and 3 are the same secret" in result.stderr
    assert _names() == ["partner/globex"]


def test_dry_run_checks_every_line_and_writes_nothing(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()

    result = _import(tokenvend, _jsonl(_line("acme"), _line("globex"), SECRET), "--dry-run")

    assert result.exit_code == 1
    assert "2 secrets can be written." in result.stdout
    assert "line 3" in result.stderr
    assert (_names(), secret_generations()) == ([], {})


def test_changed_file_redirects_no_secret_unless_the_host_is_agreed_on(
    tokenvend: Tokenvend,
) -> None:
    tokenvend.apply()
    _import(tokenvend, _jsonl(_line("acme")))
    moved = {"token_endpoint": "https://evil.example/token"}
    tokenvend.write(lambda document: document["providers"].update(acme=moved))
    tokenvend.apply()
    newer = _jsonl(_line("acme", client_secret="newer"), _line("new"))

    refused = _import(tokenvend, newer)
    held = _stored("partner/acme")
    another = _import(tokenvend, newer, "--new-host", "other.example")
    agreed = _import(tokenvend, newer, "--new-host", "evil.example")

    assert (refused.exit_code, another.exit_code, agreed.exit_code) == (1, 1, 0)
    assert f"(partner/acme): may be sent to {HOST} so far" in refused.stderr
    assert held["client_secret"] == SECRET
    assert _stored("partner/acme")["client_secret"] == "newer"


def test_secret_of_the_users_own_is_not_imported(tokenvend: Tokenvend) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ours-AbCdEf"
    tokenvend.write(lambda document: document["credentials"]["jobs"].update(secret={"arn": arn}))
    tokenvend.apply()

    result = _import(tokenvend, _jsonl(_line(None, "jobs")))

    assert result.exit_code == 1
    assert f"line 1 (jobs): it uses a secret of yours: change it where it is ({arn})" in (
        result.stderr
    )


def test_private_keys_public_half_is_shown_and_a_wrong_key_is_told(tokenvend: Tokenvend) -> None:
    def sign(document: dict[str, Any]) -> None:
        document["providers"]["acme"]["client_authentication"] = "private_key_jwt"
        document["credentials"]["partner"]["signing"] = {"algorithm": "ES256"}

    tokenvend.write(sign)
    tokenvend.apply()
    pem = pem_of(new_pair(SigningAlgorithm.ES256)).reveal()
    lines = [
        {"name": "partner", "tenant": tenant, "fields": {"client_id": "us", "private_key": key}}
        for tenant, key in {"acme": pem, "globex": SECRET}.items()
    ]

    found = tokenvend.json("secret", "import", stdin=_jsonl(*lines))

    assert found["written"] == ["partner/acme"]
    assert found["public_keys"]["partner/acme"]["kty"] == "EC"
    assert [row["name"] for row in found["wrong"]] == ["partner/globex"]
    assert SECRET not in json.dumps(found)


def _refusing(operation: str, code: str) -> Callable[..., Any]:
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, name: str, arguments: Mapping[str, Any]) -> Any:
        if name == operation:
            raise aws_error(code, f"refused {arguments}", name)
        return real(self, name, arguments)

    return call


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDeniedException", "your role lacks a right: SecretWriterPolicyArn"),
        ("InvalidRequestException", "a secret of this name is being deleted"),
        ("LimitExceededException", "the account's quota of secrets is used up"),
        ("ThrottlingException", "import the same again"),
    ],
)
def test_what_aws_refuses_is_told_with_what_to_do_and_without_the_secret(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    tokenvend.apply()
    monkeypatch.setattr(BaseClient, "_make_api_call", _refusing("CreateSecret", code))

    result = _import(tokenvend, _jsonl(_line("acme")))

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
    lines = _jsonl(*(_line(f"t{number}") for number in range(9)))
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
    lines = _jsonl(*(_line(f"t{number}") for number in range(9)))
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
        cut = _import(tokenvend, lines)
    rest = tokenvend.json("secret", "import", stdin=lines)

    assert cut.exit_code == 1
    assert "lines were not tried: import the same again" in cut.stderr
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
    lines = _jsonl(*(_line(f"t{number}") for number in range(3)))

    quiet = _import(tokenvend, lines)
    monkeypatch.setattr("tokenvend_cli.commands.import_secrets.error_console", lambda: screen)
    watched = _import(tokenvend, lines, "--json")

    assert quiet.stderr == ""
    assert "Writing secrets" in screen.file.getvalue()  # type: ignore[attr-defined]
    assert len(json.loads(watched.stdout)["unchanged"]) == 3
    assert SECRET not in screen.file.getvalue()  # type: ignore[attr-defined]
