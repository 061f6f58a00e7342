"""Environments whose clocks are minutes wrong: the real composition on the local AWS.

A worker's clock cannot be set apart from this machine's, so these vendors run in the test's own
process, with everything else as in a function: its variables, tables, key, secrets, provider.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.faults.scenario import Scenario

from tokenvend.adapters.aws_clients import aws_client
from tokenvend.adapters.clock import SystemClock, machine_now
from tokenvend.composition.root import CompositionRoot
from tokenvend.domain import bounds
from tokenvend.domain.answer import VendAnswer
from tokenvend.domain.identity import EntryPoint, Proof, identity_of_session
from tokenvend.domain.request import VendRequest
from tokenvend_local import places

FAST, SLOW = timedelta(minutes=5), timedelta(minutes=-5)

type Ask = Callable[[], VendAnswer]


@pytest.fixture
def environment_off_by(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[timedelta], Ask]]:
    """Makes an environment whose wall clock is off by so much; it asks for the scenario's token."""
    variables = _variables(scenario)
    for name, value in places.environment(
        variables, endpoint=scenario.stack.endpoint, inherited=os.environ
    ).items():
        monkeypatch.setenv(name, value)
    aws_client.cache_clear()
    role = scenario.role.arn.rpartition("/")[2]
    proof = Proof(
        entry=EntryPoint.IAM,
        identity=identity_of_session(f"arn:aws:sts::{places.ACCOUNT}:assumed-role/{role}/clocks"),
        unique_id=scenario.role.unique_id,
    )

    def make(off_by: timedelta) -> Ask:
        clock = SystemClock(lambda: machine_now() + off_by)
        environment = CompositionRoot(variables, clock=clock)
        request = VendRequest(credential=scenario.credential)
        return lambda: (
            environment.vendor.vend(proof, request, time_left=bounds.FUNCTION_TIMEOUT).answer
        )

    yield make
    aws_client.cache_clear()


def test_clocks_that_are_minutes_wrong_steal_no_lease(
    scenario: Scenario, environment_off_by: Callable[[timedelta], Ask]
) -> None:
    holder, *others = [environment_off_by(off_by) for off_by in (timedelta(0), SLOW, FAST)]
    scenario.provider(delay_seconds=3.0, times=1)

    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(holder)]
        # Who comes while the lease is held could take it for dead.
        time.sleep(1.0)
        asked += [pool.submit(other) for other in others]
        answers = [each.result() for each in asked]

    assert len({answer.token.access_token.sha256 for answer in answers}) == 1
    assert scenario.exchanges() == 1
    scenario.tell(
        "a lease is held; clocks 5 min slow and 5 min fast ask too", "three times one token"
    )


@pytest.mark.long
@pytest.mark.parametrize(("name", "off_by"), [("slow", SLOW), ("fast", FAST)])
def test_a_wrong_clock_answers_no_dead_token_and_wastes_no_living_one(
    scenario: Scenario,
    environment_off_by: Callable[[timedelta], Ask],
    name: str,
    off_by: timedelta,
) -> None:
    scenario.provider(fields={"expires_in": 20})
    ask = environment_off_by(off_by)
    born = time.monotonic()

    first, again = ask(), ask()
    time.sleep(max(0.0, born + 20 - time.monotonic()))
    late = ask()

    assert first.token.access_token.sha256 == again.token.access_token.sha256
    assert late.token.access_token.sha256 != first.token.access_token.sha256
    assert scenario.exchanges() == 2
    scenario.tell(
        f"a clock 5 min {name}; the token lives for 20 s",
        "its token while it lives, then a new one",
    )


def _variables(scenario: Scenario) -> dict[str, str]:
    function = scenario.stack.deployed.outputs["VendDirectFunctionName"]
    configuration = scenario.stack.client("lambda").get_function_configuration(
        FunctionName=function
    )
    found: dict[str, str] = configuration["Environment"]["Variables"]
    return found
