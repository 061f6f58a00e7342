"""`secret import` tells which line is wrong, and writes the others."""

import json
from typing import Any

import pytest
from tests.cli.conftest import Tokenvend
from tests.cli.importing import SECRET, import_line, jsonl, run_import, stored_names

WRONG = {
    "no JSON": (SECRET, "is not a JSON object such as"),
    "a list": (f'["{SECRET}"]', "is not a JSON object such as"),
    "nested too deeply": ("[" * 100_000, "is not a JSON object such as"),
    "another key": (
        import_line() | {"secret": SECRET},
        "has another key beside name, tenant and fields",
    ),
    "no name": ({"tenant": "x", "fields": {}}, "names no credential"),
    "name that is a secret": (import_line(name=SECRET), "no credential of this name is deployed"),
    "name of no form": (import_line(name=f"{SECRET}/{SECRET}/"), "name or tenant cannot be one"),
    "tenant that is a number": (import_line() | {"tenant": 7}, "has a tenant that is no text"),
    "tenant of no form": (import_line(f"{SECRET} "), "name or tenant cannot be one"),
    "no fields": ({"name": "partner", "tenant": "x"}, "has no fields"),
    "field that is a number": (
        {"name": "partner", "tenant": "x", "fields": {"client_secret": 7}},
        "has no fields: give an object of texts",
    ),
    "no tenant": (import_line(None), "(partner): a family has a secret for each tenant"),
    "tenant of no family": (import_line(SECRET, "jobs"), "(jobs): the credential is no family"),
    "unknown field": (
        import_line(**{SECRET: "x"}),
        "the fields must be exactly client_id and client_secret",
    ),
    "missing field": (
        {"name": "partner", "tenant": "x", "fields": {"client_secret": SECRET}},
        "(partner/x): client_id is missing, or is not a string",
    ),
    "white space": (
        import_line("x", client_secret=f"{SECRET}\n"),
        "client_secret begins or ends with white space",
    ),
}


@pytest.mark.parametrize(("wrong", "told"), WRONG.values(), ids=WRONG)
def test_wrong_line_is_told_by_its_number_without_a_secret_and_others_are_written(
    tokenvend: Tokenvend, wrong: object, told: str
) -> None:
    tokenvend.apply()

    result = run_import(tokenvend, jsonl(import_line("acme"), wrong, import_line("globex")))
    rows = tokenvend.json("secret", "import", stdin=jsonl(import_line("acme"), wrong))["wrong"]

    assert result.exit_code == 1
    assert "error: line 2" in result.stderr
    assert told in result.stderr
    assert [row["line"] for row in rows] == [2]
    assert SECRET not in result.output + json.dumps(rows)
    assert stored_names() == ["partner/acme", "partner/globex"]


WRONG_CSV = {
    "too few cells": (f"partner,{SECRET}", "has 2 columns, but the first line names 4"),
    "too many cells": (f"partner,x,us,a,{SECRET}", "has 5 columns, but the first line names 4"),
    "open quote": (f'partner,x,us,"{SECRET}', "is not CSV: a quote is open"),
    "no name": (f",x,us,{SECRET}", "names no credential"),
    "no secret": ("partner,x,us,", "(partner/x): client_secret is missing, or is not a string"),
    "quoted line break": (
        f'partner,x,us,"{SECRET}\n{SECRET}\n"',
        "begins or ends with white space",
    ),
}


@pytest.mark.parametrize(("wrong", "told"), WRONG_CSV.values(), ids=WRONG_CSV)
def test_wrong_row_of_csv_is_told_by_the_line_at_which_it_begins(
    tokenvend: Tokenvend, wrong: str, told: str
) -> None:
    tokenvend.apply()
    good = f'partner,acme,us,"{SECRET}\nof two lines"'

    result = run_import(tokenvend, f"name,tenant,client_id,client_secret\n{good}\n\n{wrong}\n")

    assert result.exit_code == 1
    assert "error: line 5" in result.stderr
    assert told in result.stderr
    assert SECRET not in result.output
    assert stored_names() == ["partner/acme"]


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

    result = run_import(tokenvend, stdin)

    assert result.exit_code == 2
    assert told in result.stderr
    assert SECRET not in result.output


def test_input_that_is_not_utf_8_is_refused_and_not_quoted(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    stdin: Any = SECRET.encode("utf-16")

    result = run_import(tokenvend, stdin)

    assert result.exit_code == 2
    assert "is not UTF-8" in result.stderr
    assert SECRET not in repr(result.exception) + result.output


def test_person_at_a_terminal_is_told_to_give_a_file(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()
    monkeypatch.setattr("tokenvend_cli.commands.import_secrets.is_terminal", lambda: True)

    result = run_import(tokenvend, jsonl(import_line()))

    assert (result.exit_code, stored_names()) == (2, [])
    assert "tokenvend secret import < FILE" in result.stderr
