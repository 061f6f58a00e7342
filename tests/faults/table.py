"""What the tests have seen, as the rows of docs/faults.md."""

from pathlib import Path

from tokenvend_local import places

DOCUMENT = places.ROOT / "docs" / "faults.md"
WRITTEN = places.ROOT / "build" / "faults.md"
HEADER = "| fault | what callers saw | exchanges made |\n|---|---|---|"


class Table:
    """Rows as they were seen; written in the order of the documented table."""

    def __init__(self) -> None:
        self.rows: list[str] = []

    def add(self, fault: str, saw: str, exchanges: int) -> None:
        """Keep one fault's row."""
        self.rows.append(f"| {fault} | {saw} | {exchanges} |")

    def in_order(self) -> list[str]:
        """The rows in the order of docs/faults.md, then those that are not there.

        Tests run in whatever order they are collected, and that is no part of what they saw.
        """
        documented = documented_rows()
        known = [row for row in documented if row in self.rows]
        return known + [row for row in self.rows if row not in documented]

    def write(self, path: Path = WRITTEN) -> None:
        """Write the table for whoever ran the tests."""
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([HEADER, *self.in_order(), ""]), encoding="utf-8")


def documented_rows() -> list[str]:
    """The rows of the committed table."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and line not in HEADER.splitlines()]
