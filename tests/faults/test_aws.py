"""DynamoDB, KMS or Secrets Manager failing, throttling, slow; a worker killed; clocks."""

import threading
import time
from typing import Any

import pytest
from tests.faults.conftest import MEMORY_SECONDS
from tests.faults.scenario import Scenario, seen

AWAY = {"status": 500, "code": "InternalServerError"}
DYNAMODB_THROTTLES = {"status": 400, "code": "ProvisionedThroughputExceededException"}


def test_memory_answers_while_dynamodb_is_away(scenario: Scenario) -> None:
    before = scenario.ask()
    scenario.aws("dynamodb", **AWAY)
    time.sleep(MEMORY_SECONDS)

    during = scenario.ask()

    assert (before.status, during.status) == (200, 200)
    assert during.document["source"] == "memory"
    scenario.behave()
    scenario.recovers()
    assert scenario.exchanges() == 1
    scenario.tell("DynamoDB answers 500; the token is in memory", seen(during))


@pytest.mark.long
@pytest.mark.parametrize(
    ("service", "fault", "how"),
    [
        pytest.param(
            "dynamodb", "DynamoDB answers 500; nothing in memory", AWAY, id="dynamodb: 500"
        ),
        pytest.param(
            "dynamodb",
            "DynamoDB hangs up; nothing in memory",
            {"hang_up": True},
            id="dynamodb: hangs up",
        ),
        pytest.param(
            "dynamodb",
            "DynamoDB throttles reads; nothing in memory",
            {"operation": "BatchGetItem", **DYNAMODB_THROTTLES},
            id="dynamodb: throttles",
        ),
        pytest.param(
            "secretsmanager",
            "Secrets Manager answers 500",
            {"status": 500, "code": "InternalServiceError"},
            id="secrets manager: 500",
        ),
        pytest.param(
            "secretsmanager",
            "Secrets Manager throttles",
            {"status": 400, "code": "ThrottlingException"},
            id="secrets manager: throttles",
        ),
    ],
)
def test_without_what_a_vend_needs_nobody_is_asked_and_the_caller_comes_again(
    scenario: Scenario, service: str, fault: str, how: dict[str, Any]
) -> None:
    scenario.aws(service, **how)

    during = scenario.ask()

    assert during.status == 503
    assert "Retry-After" in during.headers
    assert scenario.exchanges() == 0
    scenario.behave()
    scenario.recovers()
    assert scenario.exchanges() == 1
    scenario.tell(fault, f"{seen(during)}; then a token")


@pytest.mark.long
def test_a_slow_dynamodb_costs_time_only(scenario: Scenario) -> None:
    scenario.aws("dynamodb", delay_seconds=1.0)

    during = scenario.ask()

    assert during.status == 200
    assert scenario.exchanges() == 1
    scenario.tell("DynamoDB takes 1 s for each call", seen(during))


def test_a_throttled_lease_is_lost_and_won_later(scenario: Scenario) -> None:
    scenario.aws("dynamodb", operation="UpdateItem", times=4, **DYNAMODB_THROTTLES)

    answers = scenario.ask_at_once(3)

    assert [answer.status for answer in answers] == [200] * 3
    assert scenario.exchanges() == 1
    scenario.tell(
        "DynamoDB throttles the lease's write; three ask at once", "three times one token"
    )


def test_a_winner_whose_answer_was_lost_knows_that_it_won(scenario: Scenario) -> None:
    scenario.aws("dynamodb", operation="UpdateItem", times=1, lose_answer=True)

    during = scenario.ask()

    assert during.status == 200
    assert during.seconds < 8
    assert scenario.exchanges() == 1
    scenario.tell("the answer to the lease's write is lost", seen(during))


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "how"),
    [
        pytest.param(
            "KMS answers 500 to a fresh environment",
            {"status": 500, "code": "KMSInternalException"},
            id="500",
        ),
        pytest.param(
            "KMS throttles a fresh environment",
            {"status": 400, "code": "ThrottlingException"},
            id="throttles",
        ),
    ],
)
def test_a_fresh_environment_without_kms_asks_for_patience(
    scenario: Scenario, fault: str, how: dict[str, Any]
) -> None:
    before = scenario.ask()
    scenario.kill_workers()
    scenario.aws("kms", **how)

    during = scenario.ask()

    assert (before.status, during.status) == (200, 503)
    assert "Retry-After" in during.headers
    scenario.behave()
    scenario.recovers()
    assert scenario.exchanges() == 1
    scenario.tell(fault, f"{seen(during)}; then the stored token")


@pytest.mark.long
def test_a_slow_kms_costs_time_only(scenario: Scenario) -> None:
    scenario.kill_workers()
    scenario.aws("kms", delay_seconds=1.0)

    during = scenario.ask()

    assert during.status == 200
    assert scenario.exchanges() == 1
    scenario.tell("KMS takes 1 s for each call", seen(during))


@pytest.mark.long
def test_a_slow_secrets_manager_costs_time_only(scenario: Scenario) -> None:
    scenario.aws("secretsmanager", delay_seconds=1.0)

    during = scenario.ask()

    assert during.status == 200
    assert scenario.exchanges() == 1
    scenario.tell("Secrets Manager takes 1 s for each call", seen(during))


@pytest.mark.long
def test_a_killed_holder_costs_one_more_exchange(scenario: Scenario) -> None:
    scenario.provider(delay_seconds=6.0, times=1)
    asking = threading.Thread(target=scenario.ask)
    asking.start()
    # The lease stands once the holder has gone to read the secret and to ask the provider.
    time.sleep(3.0)
    scenario.kill_workers()
    asking.join()

    waiting = scenario.ask()

    assert waiting.status == 200
    assert 9 < waiting.seconds < 20
    scenario.until(lambda: scenario.exchanges() == 2)
    scenario.tell(
        "the worker that holds the lease is killed", f"it no answer; the next {seen(waiting)}"
    )
