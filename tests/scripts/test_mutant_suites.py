"""A run goes on where it was stopped, or tries again what is named."""

from pathlib import Path

import pytest
from scripts.mutants import Suite


@pytest.mark.parametrize(
    ("names", "is_covered"),
    [
        (["tokenvend.consent*", "tokenvend.schedules.*"], True),
        (["tokenvend.schedules", "tokenvend.consent"], True),
        (["tokenvend.consent*"], False),
        (["tokenvend.consent.completion*", "tokenvend.schedules*"], False),
        ([], False),
    ],
)
def test_a_suite_goes_on_where_it_was_stopped_if_all_of_it_is_named(
    tmp_path: Path, names: list[str], *, is_covered: bool
) -> None:
    suite = Suite(tmp_path, ("consent", "schedules"), ("tests/unit/consent",))

    assert suite.is_covered_by(names) is is_covered
