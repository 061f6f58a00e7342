"""The SQS worker and the task of a state machine, deployed and run."""

import json
from typing import Any

import pytest
from tests.local_stack.examples.conftest import Examples
from tests.local_stack.examples.searching import Kept, wait_for


def test_worker_answers_for_each_message_of_a_batch(examples: Examples, kept: Kept) -> None:
    queues = examples.outputs["sqs-worker"]
    examples.front.planned["sqs-worker"].append((503, "1"))
    bodies = [{"customer": name} for name in ("acme", "globex", "initech")]
    entries = [
        {"Id": str(number), "MessageBody": text}
        for number, text in enumerate([*(json.dumps(each) for each in bodies), "no JSON"])
    ]

    examples.stack.client("sqs").send_message_batch(QueueUrl=queues["QueueUrl"], Entries=entries)
    done = kept.receive(queues["ResultsQueueUrl"], 2)
    refused = kept.receive(queues["DeadLetterQueueUrl"], 2)

    results = sorted(json.loads(each["Body"])["customer"] for each in done)
    assert results == ["acme", "globex"]
    assert {json.loads(each["Body"])["jobs"] for each in done} == {3}
    reasons = {each["Body"]: each["MessageAttributes"]["reason"]["StringValue"] for each in refused}
    assert reasons == {'{"customer": "initech"}': "invalid_target", "no JSON": "malformed_message"}
    assert sorted(examples.front.answered["sqs-worker"]) == [200, 200, 503]
    wait_for(lambda: _is_empty(examples, queues["QueueUrl"]), "the end of the queue")
    kept.check()


def _is_empty(examples: Examples, queue_url: str) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counted = examples.stack.client("sqs").get_queue_attributes(
        QueueUrl=queue_url, AttributeNames=names
    )
    return {counted["Attributes"][name] for name in names} == {"0"}


def _run(examples: Examples, kept: Kept, state: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """An execution to its end: its description and its history, both collected."""
    states = examples.stack.client("stepfunctions")
    execution = states.start_execution(
        stateMachineArn=examples.outputs["step-functions"]["StateMachineArn"],
        input=json.dumps(state),
    )["executionArn"]

    def ended() -> dict[str, Any] | None:
        described: dict[str, Any] = states.describe_execution(executionArn=execution)
        return described if described["status"] != "RUNNING" else None

    described = wait_for(ended, "the end of the execution")
    history = states.get_execution_history(executionArn=execution)["events"]
    kept.keep(described)
    kept.keep(history)
    return described, history


def test_task_is_retried_while_the_api_is_away(examples: Examples, kept: Kept) -> None:
    examples.front.planned["step-functions"].append((429, ""))

    described, history = _run(examples, kept, {"customer": "acme"})

    assert described["status"] == "SUCCEEDED", described
    assert json.loads(described["output"]) == {"customer": "acme", "jobs": 3}
    assert "RetryableError" in json.dumps(history, default=str)
    assert examples.front.answered["step-functions"] == [429, 200]
    kept.check()


def test_task_that_is_refused_is_not_retried(examples: Examples, kept: Kept) -> None:
    described, history = _run(examples, kept, {"customer": "initech"})

    assert (described["status"], described["error"]) == ("FAILED", "Refused")
    assert json.dumps(history, default=str).count("LambdaFunctionFailed") <= 1
    assert "invalid_target" in json.dumps(history, default=str)
    kept.check()


def test_search_finds_a_token_that_was_kept(examples: Examples, kept: Kept) -> None:
    for value in examples.stack.provider.secret_values()[-3:]:
        one = Kept(examples.stack)
        one.keep({"output": f"Bearer {value}"})

        with pytest.raises(AssertionError, match=value[:6]):
            one.check()
    kept.keep("nothing")
    kept.check()
