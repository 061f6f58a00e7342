"""A provider that is slow, refuses, breaks off or talks nonsense."""

import time
from typing import Any

import pytest
from tests.faults.scenario import Scenario, seen


@pytest.mark.long
def test_a_slow_provider_is_asked_once_for_all(scenario: Scenario) -> None:
    scenario.provider(delay_seconds=3.0)

    answers = scenario.ask_at_once(5)

    assert [answer.status for answer in answers] == [200] * 5
    assert len({answer.token for answer in answers}) == 1
    assert scenario.exchanges() == 1
    scenario.tell("provider takes 3 s; five ask at once", "five times the same token")


@pytest.mark.long
def test_a_provider_that_accepts_and_does_not_answer_in_time(scenario: Scenario) -> None:
    scenario.provider(delay_seconds=10.0, times=1)

    first, second = scenario.ask(), scenario.ask()

    assert (first.status, second.status) == (503, 503)
    assert first.seconds < 12
    assert "Retry-After" in first.headers
    scenario.recovers()
    scenario.until(lambda: scenario.exchanges() == 2)
    scenario.tell(
        "provider accepts and answers after 10 s",
        f"{seen(first)} after 8 s; meanwhile {seen(second)} at once; then a token",
    )


@pytest.mark.parametrize(
    ("fault", "how", "status"),
    [
        pytest.param("provider answers 429, `Retry-After: 3`", {"status": 429}, 503, id="429"),
        pytest.param(
            "provider answers 500", {"status": 500}, 503, id="500", marks=pytest.mark.long
        ),
        pytest.param(
            "provider answers with garbage", {"body": "garbage"}, 502, marks=pytest.mark.long
        ),
        pytest.param(
            "provider breaks off in mid-answer", {"body": "half"}, 503, marks=pytest.mark.long
        ),
        pytest.param("provider hangs up", {"hang_up": True}, 503, marks=pytest.mark.long),
    ],
)
def test_a_provider_that_fails_once_is_left_alone_and_then_probed(
    scenario: Scenario, fault: str, how: dict[str, Any], status: int
) -> None:
    if how.get("status") == 429:
        how = {**how, "retry_after": "3"}
    scenario.provider(times=1, **how)
    started = time.monotonic()

    first, second = scenario.ask(), scenario.ask()

    assert first.status == second.status == status
    assert scenario.exchanges() == 1
    scenario.recovers()
    if "retry_after" in how:
        assert time.monotonic() - started >= 3
    assert scenario.exchanges() == 2
    scenario.tell(fault, f"{seen(first)}, and again without asking it; then a token")
