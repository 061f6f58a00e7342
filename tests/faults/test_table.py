"""docs/faults.md says what the tests have seen."""

import pytest
from tests.faults.table import Table, documented_rows


def test_table_in_the_docs_is_what_was_seen(table: Table, request: pytest.FixtureRequest) -> None:
    table.write()

    assert table.rows
    assert [row for row in table.rows if row not in documented_rows()] == []
    options = request.config.option
    if not options.markexpr and not options.keyword and not request.session.testsfailed:
        assert table.in_order() == documented_rows()
