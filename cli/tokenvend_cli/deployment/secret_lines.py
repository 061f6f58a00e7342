"""Parse many secrets from standard input, line by line: JSON lines or CSV.

No problem's text quotes the input: a secret may be in any column.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from tokenvend_cli.problems import UsageError

NAME, TENANT, FIELDS = "name", "tenant", "fields"
#: A larger import must be split, because all of it is checked before any of it is written.
MOST_BYTES = 64 * 1024 * 1024

_JSON_FORM = 'a JSON object such as {"name": …, "tenant": …, "fields": {…}}'
_HEADER = (
    "the first line of CSV names the columns: name, tenant, and the secret's fields, such as"
    " client_id and client_secret"
)


@dataclass(frozen=True, slots=True)
class SecretLine:
    """One secret to write. `number` is the line at which it begins, counted from 1."""

    number: int
    name: str
    tenant: str | None
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line that is not written, and what to do about it. `name` is there once it is known."""

    number: int
    what: str
    name: str | None = None


def parse_lines(given: bytes) -> Iterator[SecretLine | LineProblem]:
    """Yield each line of *given*; empty ones are left out.

    What begins with `{` is JSON lines, all else CSV with a header.

    Raises:
        UsageError: it is too large, no UTF-8, or CSV without its header.
    """
    if len(given) > MOST_BYTES:
        raise UsageError(
            f"standard input has more than {MOST_BYTES >> 20} MiB: import it in several parts"
        )
    try:
        text = given.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    # Raised outside the `except`, because the decoder's own error holds the whole input.
    if text is None:
        raise UsageError("standard input is not UTF-8: save the file as UTF-8")
    return _json_lines(text) if text.lstrip()[:1] in {"{", ""} else _csv_lines(text)


def _json_lines(text: str) -> Iterator[SecretLine | LineProblem]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _json_line(number, line)


def _json_line(number: int, line: str) -> SecretLine | LineProblem:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return LineProblem(number, f"is not {_JSON_FORM} on one line")
    if set(document) - {NAME, TENANT, FIELDS}:
        return LineProblem(
            number, f"has another key beside name, tenant and fields: give {_JSON_FORM}"
        )
    name, tenant, fields = (document.get(key) for key in (NAME, TENANT, FIELDS))
    if not isinstance(name, str) or not name:
        return LineProblem(number, "names no credential: give its name in the file as a text")
    if tenant is not None and not isinstance(tenant, str):
        return LineProblem(number, "has a tenant that is no text: put it in quotes")
    if not isinstance(fields, dict) or not all(isinstance(each, str) for each in fields.values()):
        return LineProblem(number, "has no fields: give an object of texts")
    return SecretLine(number, name, tenant, fields)


def _csv_lines(text: str) -> Iterator[SecretLine | LineProblem]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    rows = _rows(text)
    _, columns = next(rows, (1, None))
    # The header is checked before the first line is asked for.
    return _csv_records(_header(columns), rows)


def _header(columns: list[str] | None) -> list[str]:
    columns = [column.strip() for column in columns or ()]
    if NAME not in columns or "" in columns or len(set(columns)) != len(columns):
        raise UsageError(_HEADER)
    return columns


def _rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each row that is not empty, and the line at which it begins; `None` for a malformed one."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        number = rows.line_num + 1
        try:
            row: list[str] | None = next(rows)
        except StopIteration:
            return
        except csv.Error:
            row = None
        if row is None or any(cell.strip() for cell in row):
            yield number, row


def _delimiter(text: str) -> str:
    """Return the character after the first column's name: a comma, `;` or a tab in spreadsheets."""
    header = text.lstrip().partition("\n")[0].lstrip('"')
    first = "".join(takewhile(lambda character: character.isalnum() or character == "_", header))
    found = header[len(first) :].lstrip('" ')[:1]
    return found if found in {";", "\t"} else ","


def _csv_records(
    columns: list[str], rows: Iterator[tuple[int, list[str] | None]]
) -> Iterator[SecretLine | LineProblem]:
    for number, row in rows:
        if row is None:
            yield LineProblem(number, "is not CSV: a quote is open, or stands inside a text")
        elif len(row) != len(columns):
            yield LineProblem(
                number,
                f"has {len(row)} columns, but the first line names {len(columns)}: put a text"
                " with a comma in quotes",
            )
        else:
            yield _csv_record(number, dict(zip(columns, row, strict=True)))


def _csv_record(number: int, cells: dict[str, Any]) -> SecretLine | LineProblem:
    name, tenant = cells.pop(NAME), cells.pop(TENANT, "")
    if not name:
        return LineProblem(number, "names no credential: its name in the file goes under name")
    # An empty cell is a field that this secret does not have.
    fields = {key: value for key, value in cells.items() if value}
    return SecretLine(number, name, tenant or None, fields)
