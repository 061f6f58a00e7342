"""The rows are those of the docs, and what happens to one does not touch the others."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.smoke.conftest import FakeRun

from tokenvend_local.errors import LocalStackError
from tokenvend_local.places import ROOT
from tokenvend_smoke.outcome import DidNotHoldError, NotRunError, Row, SmokeVerdict
from tokenvend_smoke.run import Smoke, Stage, run_rows
from tokenvend_smoke.stages import STAGES
from tokenvend_smoke.waiting import wait_until

DOCS = (ROOT / "docs" / "not-proven-locally.md").read_text(encoding="utf-8")
ROWS = [row for stage in STAGES for row in stage.rows]


def test_every_row_of_the_docs_is_shown_and_no_other() -> None:
    documented = re.findall(r"^\| (?!what \||-)(.+?) \| .+ \|$", DOCS, flags=re.MULTILINE)

    assert sorted(row.what for row in ROWS) == sorted(documented)


def test_no_two_rows_are_shown_by_the_same_code() -> None:
    assert len({row.show for row in ROWS}) == len(ROWS)


def test_the_page_says_that_it_has_not_run_on_aws() -> None:
    page = (ROOT / "docs" / "smoke.md").read_text(encoding="utf-8")

    assert "It has not been run on AWS yet." in page
    assert "It has not been run on AWS yet." in DOCS


def _raises(error: Exception) -> Callable[[Smoke], None]:
    def show(_: Smoke) -> None:
        raise error

    return show


def test_what_happens_to_one_row_does_not_touch_the_others(
    fake_run: Callable[..., FakeRun],
) -> None:
    rows = (
        Row("holds", lambda _: None),
        Row("does not", _raises(DidNotHoldError("it is not so"))),
        Row("cannot be run", _raises(NotRunError("it takes a domain"))),
        Row("has a fault", _raises(KeyError("x"))),
        Row("holds too", lambda _: None),
    )

    results = list(run_rows(fake_run({}).smoke, [Stage("a stage", rows)]))

    assert [(each.what, each.verdict) for each in results] == [
        ("holds", SmokeVerdict.HELD),
        ("does not", SmokeVerdict.DID_NOT_HOLD),
        ("cannot be run", SmokeVerdict.NOT_RUN),
        ("has a fault", SmokeVerdict.DID_NOT_HOLD),
        ("holds too", SmokeVerdict.HELD),
    ]
    assert [each.detail for each in results[1:4]] == [
        "it is not so",
        "it takes a domain",
        "this row has a fault of its own: KeyError 'x'",
    ]


def test_rows_of_a_stage_that_is_not_reached_are_not_run(fake_run: Callable[..., FakeRun]) -> None:
    def enter(_: Smoke) -> dict[str, str]:
        raise LocalStackError("no NAT gateway is to be had")

    rows = (Row("one", _raises(AssertionError())), Row("two", _raises(AssertionError())))

    results = list(run_rows(fake_run({}).smoke, [Stage("a stage", rows, enter)]))

    assert {each.verdict for each in results} == {SmokeVerdict.NOT_RUN}
    assert "no NAT gateway is to be had" in results[0].detail


def test_a_stage_is_deployed_with_its_parameters(fake_run: Callable[..., FakeRun]) -> None:
    given = fake_run({})

    list(run_rows(given.smoke, [Stage("a stage", (), lambda _: {"SnapStart": "true"})]))

    assert given.account.deployments == [{"SnapStart": "true"}]


@pytest.mark.parametrize(("comes_after", "held"), [(3, True), (13, False)])
def test_what_is_awaited_is_looked_for_until_its_time_is_over(
    clock: list[float], comes_after: int, *, held: bool
) -> None:
    end = clock[0] + comes_after * 5

    if held:
        assert wait_until(lambda: clock[0] >= end, minutes=1, otherwise="nothing")
    else:
        with pytest.raises(DidNotHoldError, match="nothing, within 1 min"):
            wait_until(lambda: clock[0] >= end, minutes=1, otherwise="nothing")


def test_every_scope_is_another_one(fake_run: Callable[..., FakeRun], tmp_path: Path) -> None:
    del tmp_path
    smoke = fake_run({}).smoke

    assert len({smoke.new_scope() for _ in range(40)}) == 40
