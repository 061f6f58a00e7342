"""The tour as a table that grows while it is made."""

from collections.abc import Iterable

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tokenvend_local.tour import Row

#: Wide enough for the whole table where nobody says how wide the screen is.
_WIDTH_WITHOUT_SCREEN = 150


def console() -> Console:
    """Standard output."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDTH_WITHOUT_SCREEN)


def show(rows: Iterable[Row], out: Console) -> list[Row]:
    """Print *rows* as they come, with a line between grants and refusals; all of them."""
    table = _empty()
    shown: list[Row] = []
    with Live(table, console=out, auto_refresh=False) as live:
        for row in rows:
            if shown and row.source == "" and shown[-1].source:
                table.add_section()
            _add(table, row)
            live.refresh()
            shown.append(row)
    return shown


def _empty() -> Table:
    table = Table(title="Who got which token, and who did not", title_justify="left")
    for name in ("caller", "entry", "asked for", "was answered", "from"):
        table.add_column(name, overflow="fold")
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("the API then said", overflow="fold")
    return table


def _add(table: Table, row: Row) -> None:
    took = "" if row.milliseconds is None else f"{row.milliseconds} ms"
    colour = "green" if row.source else "yellow"
    if not row.went_as_meant:
        colour = "bold red"
    answered = f"[{colour}]{row.answered}[/]"
    table.add_row(row.caller, row.entry, row.asked, answered, row.source, took, row.api)
