"""Rows in columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """*rows*, of the same keys each, under their keys. Nothing in them is markup."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for key in rows[0]:
        made.add_column(key.replace("_", " "), overflow="fold")
    for row in rows:
        made.add_row(*(_cell(value) for value in row.values()))
    return made


def _cell(value: Any) -> Text:
    if isinstance(value, bool):
        return Text("yes", "green") if value else Text("no", "red")
    return Text("" if value is None else str(value))
