"""The promises of DESIGN §6 hold over many random runs, and planted bugs do not get away."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.simulation.machine import VendingMachine
from tests.simulation.planted import PLANTED, Plant
from tests.simulation.promises import BrokenPromiseError

#: The same search each time: whether a bug is found must not be luck.
QUICK = settings(
    max_examples=100,
    derandomize=True,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
HUNT = settings(
    QUICK,
    max_examples=1_000,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


def test_promises_hold_at_any_interleaving_crash_and_fault() -> None:
    run_state_machine_as_test(VendingMachine, settings=QUICK)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    with pytest.raises(BrokenPromiseError) as caught:
        run_state_machine_as_test(VendingMachine, settings=HUNT)

    assert caught.value.promise in PLANTED[plant]
