"""A moment of `make load` on the stack of these tests, so that it goes on working."""

from tests.local_stack.conftest import MEMORY_SECONDS
from tests.local_stack.harness import Harness

from load.driver import drive
from load.flows import Way
from load.judge import judge
from load.report import document
from load.scenario import LoadScenario
from tokenvend_local.stack import LocalStack

SECONDS = 8.0
CALLERS = 3


def test_nothing_breaks_under_a_moment_of_load(stack: LocalStack, harness: Harness) -> None:
    scenario = LoadScenario(stack, harness)

    run = drive(
        scenario,
        seconds=SECONDS,
        callers=CALLERS,
        memory_seconds=MEMORY_SECONDS,
        seed=1,
        tell=lambda _: None,
    )

    assert {rule: broken for rule, broken in judge(run).items() if broken} == {}
    assert {seen.flow.way for seen in run.seen} >= {Way.IAM, Way.OAUTH2, Way.DIRECT}
    assert run.removals
    lifetimes = {each.client_id: each.lifetime_seconds for each in scenario.clients.values()}
    assert document(run, lifetimes, {})["tokens_checked_at_the_provider"] >= 1
