"""DynamoDB, KMS or Secrets Manager failing, throttling, slow; a worker killed; clocks."""

import threading
import time
from typing import Any

import pytest
from tests.faults.conftest import MEMORY_SECONDS
from tests.faults.scene import Scene, seen

AWAY = {"status": 500, "code": "InternalServerError"}
DYNAMODB_THROTTLES = {"status": 400, "code": "ProvisionedThroughputExceededException"}


def test_memory_answers_while_dynamodb_is_away(scene: Scene) -> None:
    before = scene.ask()
    scene.aws("dynamodb", **AWAY)
    time.sleep(MEMORY_SECONDS)

    during = scene.ask()

    assert (before.status, during.status) == (200, 200)
    assert during.document["source"] == "memory"
    scene.behave()
    scene.recovers()
    assert scene.exchanges() == 1
    scene.tell("DynamoDB answers 500; the token is in memory", seen(during))


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
    scene: Scene, service: str, fault: str, how: dict[str, Any]
) -> None:
    scene.aws(service, **how)

    during = scene.ask()

    assert during.status == 503
    assert "Retry-After" in during.headers
    assert scene.exchanges() == 0
    scene.behave()
    scene.recovers()
    assert scene.exchanges() == 1
    scene.tell(fault, f"{seen(during)}; then a token")


@pytest.mark.long
def test_a_slow_dynamodb_costs_time_only(scene: Scene) -> None:
    scene.aws("dynamodb", delay_seconds=1.0)

    during = scene.ask()

    assert during.status == 200
    assert scene.exchanges() == 1
    scene.tell("DynamoDB takes 1 s for each call", seen(during))


def test_a_throttled_lease_is_lost_and_won_later(scene: Scene) -> None:
    scene.aws("dynamodb", operation="UpdateItem", times=4, **DYNAMODB_THROTTLES)

    answers = scene.ask_at_once(3)

    assert [answer.status for answer in answers] == [200] * 3
    assert scene.exchanges() == 1
    scene.tell("DynamoDB throttles the lease's write; three ask at once", "three times one token")


def test_a_winner_whose_answer_was_lost_knows_that_it_won(scene: Scene) -> None:
    scene.aws("dynamodb", operation="UpdateItem", times=1, lose_answer=True)

    during = scene.ask()

    assert during.status == 200
    assert during.seconds < 8
    assert scene.exchanges() == 1
    scene.tell("the answer to the lease's write is lost", seen(during))


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
    scene: Scene, fault: str, how: dict[str, Any]
) -> None:
    before = scene.ask()
    scene.kill_workers()
    scene.aws("kms", **how)

    during = scene.ask()

    assert (before.status, during.status) == (200, 503)
    assert "Retry-After" in during.headers
    scene.behave()
    scene.recovers()
    assert scene.exchanges() == 1
    scene.tell(fault, f"{seen(during)}; then the stored token")


@pytest.mark.long
def test_a_slow_kms_costs_time_only(scene: Scene) -> None:
    scene.kill_workers()
    scene.aws("kms", delay_seconds=1.0)

    during = scene.ask()

    assert during.status == 200
    assert scene.exchanges() == 1
    scene.tell("KMS takes 1 s for each call", seen(during))


@pytest.mark.long
def test_a_slow_secrets_manager_costs_time_only(scene: Scene) -> None:
    scene.aws("secretsmanager", delay_seconds=1.0)

    during = scene.ask()

    assert during.status == 200
    assert scene.exchanges() == 1
    scene.tell("Secrets Manager takes 1 s for each call", seen(during))


@pytest.mark.long
def test_a_killed_holder_costs_one_more_exchange(scene: Scene) -> None:
    scene.provider(delay_seconds=6.0, times=1)
    asking = threading.Thread(target=scene.ask)
    asking.start()
    # The lease stands once the holder has gone to read the secret and to ask the provider.
    time.sleep(3.0)
    scene.kill_workers()
    asking.join()

    waiting = scene.ask()

    assert waiting.status == 200
    assert 9 < waiting.seconds < 20
    scene.until(lambda: scene.exchanges() == 2)
    scene.tell(
        "the worker that holds the lease is killed", f"it no answer; the next {seen(waiting)}"
    )
