"""What mutmut found is read and summed up, and a whole run works on one small module."""

import subprocess
import sys

from scripts.mutants import REPORT, ROOT, read_states, summary

RESULTS = """
To apply a mutant on disk:
    tokenvend.domain.lease.x_new_lease__mutmut_1: killed
    tokenvend.domain.lease.x_new_lease__mutmut_2: survived
    tokenvend.vending.rate.xǁRateLimitǁcheck__mutmut_1: timeout
    tokenvend.vending.rate.xǁRateLimitǁcheck__mutmut_2: not checked
"""


def test_states_are_read_by_name() -> None:
    states = read_states(RESULTS, ["tokenvend.domain*"])

    assert states == {
        "tokenvend.domain.lease.x_new_lease__mutmut_1": "killed",
        "tokenvend.domain.lease.x_new_lease__mutmut_2": "survived",
    }


def test_a_change_that_hangs_is_noticed_and_one_that_was_not_tried_counts_for_nothing() -> None:
    assert summary(read_states(RESULTS)) == "2 of 3 mutants killed (66.7 %)"


def test_nothing_tried_is_no_success() -> None:
    assert summary({}) == "0 of 0 mutants killed (none)"


def test_every_change_of_the_lease_is_noticed() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "scripts.mutants", "tokenvend.domain.lease*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert "11 of 11 mutants killed (100.0 %)" in run.stdout
    assert REPORT.read_text(encoding="utf-8") == ""
