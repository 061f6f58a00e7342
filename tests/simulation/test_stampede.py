"""Many cold environments and one missing token."""

import pytest

from simulation.network import Latency
from simulation.stampede import stampede


@pytest.mark.parametrize("environments", [1, 10, 100, 500])
def test_last_answer_comes_within_250_ms_of_the_providers(environments: int) -> None:
    found = stampede(environments, seed=5)

    assert (found.exchanges, found.answered, found.refused) == (1, environments, 0)
    assert found.last_after_provider_ms <= 250


@pytest.mark.parametrize("seconds", [0.1, 1.0, 3.0])
def test_last_answer_comes_as_soon_after_a_quick_or_a_slow_provider(seconds: float) -> None:
    found = stampede(500, seed=5, provider=Latency(seconds))

    assert (found.exchanges, found.throttled_reads, found.refused) == (1, 0, 0)
    assert found.last_after_provider_ms <= 250


def test_hot_item_beyond_its_partitions_limit_makes_requests_slower_and_refuses_none() -> None:
    found = stampede(2_000, seed=5)

    assert found.throttled_reads > 0
    assert (found.exchanges, found.answered, found.refused) == (1, 2_000, 0)


def test_without_asking_a_busy_table_again_most_of_them_are_refused() -> None:
    found = stampede(2_000, seed=5, patient=False)

    assert found.exchanges <= 1
    assert found.refused > 500
