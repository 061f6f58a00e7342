"""The whole simulation at its smallest: what `make simulate` writes, and the goals in it."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from simulation.__main__ import summary
from simulation.backlog import backlog
from simulation.month import Month
from simulation.plots import draw
from simulation.progress import Lines
from simulation.report import TINY, simulate
from tokenvend.domain import bounds


def test_result_has_what_is_promised_and_its_plots_are_drawn(tmp_path: Path) -> None:
    heard: list[str] = []

    result = simulate(TINY, seed=1, progress=lambda what, _: heard.append(what))

    promised = {"environments", "days", "exchanges", "least_possible", "waits_after_first"}
    assert promised <= result.keys()
    assert result["requests_refused"] == 0
    assert result["cost_per_million_vends"]["http"] > result["cost_per_million_vends"]["direct"]
    assert all(each["exchanges"] == 1 for each in result["stampedes"])
    assert len(set(heard)) == 3
    assert "exchanges" in summary(result)
    for plot in draw(result, tmp_path):
        assert plot.read_text().startswith("<?xml")


def test_parts_in_processes_of_their_own_come_to_the_same_and_tell_how_far_they_are(
    capfd: pytest.CaptureFixture[str],
) -> None:
    here = simulate(TINY, seed=1, progress=lambda *_: None)

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        there = simulate(TINY, seed=1, progress=Lines(), pool=pool)

    assert there == here
    assert "cold environments  100%" in capfd.readouterr().out


def test_tokens_in_steady_use_cost_nearly_the_least_exchanges_and_nobody_waits() -> None:
    month = Month(days=0.5, rate=0.05, credentials=1, seed=2)
    month.run(lambda _: None)

    [(lifetime, row)] = month.exchanges_by_lifetime().items()

    assert lifetime == 1800
    # The last renewal of a short run is for nobody.
    assert row["exchanges"] <= 1.05 * row["least_possible"] + 1
    assert (month.waits_at_first, month.waits_after_first, month.refused) == (1, [], 0)
    assert month.sources["provider"] == 1, "all the others were renewed before they were asked for"


@pytest.mark.parametrize("at_once", [True, False])
def test_schedule_keeps_up_with_tokens_that_fall_due(*, at_once: bool) -> None:
    found = backlog(2_000, seed=1, at_once=at_once, minutes=5)

    assert found.fell_due > 300
    assert found.renewed >= found.fell_due - found.curve[-1][1]
    assert found.longest_behind_seconds <= bounds.RENEWAL_RUNS_APART.total_seconds()
    assert found.overdue == 0
