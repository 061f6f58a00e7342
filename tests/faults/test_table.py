"""docs/faults.md says what the tests have seen."""

from tests.faults.table import Table, documented_rows


def test_table_in_the_docs_is_what_was_seen(table: Table) -> None:
    table.write()

    assert table.rows
    assert [row for row in table.rows if row not in documented_rows()] == []
