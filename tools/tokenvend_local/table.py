"""The tour as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tokenvend_local.tour import Row

#: The width for the table if the terminal's width is not known.
_WIDTH_WITHOUT_SCREEN = 110


def console() -> Console:
    """Standard output."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDTH_WITHOUT_SCREEN)


def build_table(rows: Sequence[Row]) -> Table:
    """*rows* in their order, with a line between the grants and the refusals."""
    table = Table(title="Who got which token, and who did not", title_justify="left")
    table.add_column("caller, entry", no_wrap=True)
    table.add_column("asked for", max_width=16)
    table.add_column("was answered", overflow="fold")
    table.add_column("from", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        ends = bool(row.source) and following is not None and not following.source
        _add(table, row, ends_section=ends)
    return table


def _add(table: Table, row: Row, *, ends_section: bool) -> None:
    took = "" if row.milliseconds is None else f"{row.milliseconds} ms"
    colour = "green" if row.source else "yellow"
    if not row.went_as_meant:
        colour = "bold red"
    table.add_row(
        Text.assemble((row.caller, "bold"), "\n", (row.entry, "dim")),
        row.requested,
        Text.assemble((row.answered, colour), "\n", row.more),
        row.source,
        took,
        end_section=ends_section,
    )
