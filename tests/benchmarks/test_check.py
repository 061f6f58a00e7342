"""What is beyond its goal fails, and what lies on it does not."""

import json
from pathlib import Path

import pytest
from benchmarks.measure import Row

from benchmarks import check


def measured(ours: float, goal: float) -> Row:
    return Row("warm vend", ours, 100.0, "a bare handler", goal, "µs")


@pytest.mark.parametrize(
    ("ours", "code"),
    [pytest.param(125.0, 0, id="on the goal"), pytest.param(125.2, 1, id="over the goal")],
)
def test_a_ratio_is_held_to_its_goal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ours: float, code: int
) -> None:
    path = tmp_path / "bench.json"
    rows = [measured(ours, 1.25).to_dict(), measured(50.0, 1.25).to_dict()]
    path.write_text(json.dumps(rows))

    assert check.main(path) == code

    said = capsys.readouterr().out
    assert said.count("warm vend") == code


def test_nothing_measured_is_no_success(tmp_path: Path) -> None:
    assert check.main(tmp_path / "bench.json") == 2


def test_row_has_the_fields_that_programs_read() -> None:
    assert measured(125.0, 1.25).to_dict() == {
        "name": "warm vend",
        "ours": 125.0,
        "baseline": 100.0,
        "baseline_name": "a bare handler",
        "ratio": 1.25,
        "goal": 1.25,
        "unit": "µs",
    }
