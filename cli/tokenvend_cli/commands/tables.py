"""Rows in columns."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a table of *rows*, which all have the same keys; only the last column wraps.

    Markup in a cell has no effect.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    *names, last = rows[0]
    for name in names:
        made.add_column(name.replace("_", " "), overflow="fold", no_wrap=True)
    made.add_column(last.replace("_", " "), overflow="fold")
    for row in rows:
        made.add_row(*(_cell(value) for value in row.values()))
    return made


def short_time(instant: datetime) -> str:
    """Format *instant* to the minute in UTC; the text around it must say that it is UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}"


def _cell(value: Any) -> Text:
    if isinstance(value, bool):
        return Text("yes", "green") if value else Text("no", "red")
    return Text("" if value is None else str(value))
