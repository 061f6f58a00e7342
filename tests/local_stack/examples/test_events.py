"""The target of a rule, the enrichment of a pipe, the consumer of a stream, and the export."""

import json
from typing import Any

import pytest
from scripts.expand import load
from tests.local_stack.examples.conftest import Examples
from tests.local_stack.examples.deploying import EXAMPLES
from tests.local_stack.examples.searching import Kept, wait_for


def _everything_on(examples: Examples, bus: str) -> str:
    """A queue that each event of *bus* goes to, whole."""
    queue = examples.stack.client("sqs").create_queue(QueueName=f"all-of-{bus}")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:111122223333:all-of-{bus}"
    events = examples.stack.client("events")
    pattern = json.dumps({"account": ["111122223333"]})
    events.put_rule(Name="everything", EventBusName=bus, EventPattern=pattern)
    events.put_targets(
        Rule="everything", EventBusName=bus, Targets=[{"Id": "everything", "Arn": arn}]
    )
    return str(queue)


def _customer_added(examples: Examples, customer: str) -> None:
    entry = {
        "EventBusName": examples.outputs["eventbridge-rule"]["BusName"],
        "Source": "example.customers",
        "DetailType": "Customer Added",
        "Detail": json.dumps({"customer": customer}),
    }
    examples.stack.client("events").put_events(Entries=[entry])


def test_rule_s_target_is_tried_again_and_sets_aside_what_is_refused(
    examples: Examples, kept: Kept
) -> None:
    outputs = examples.outputs["eventbridge-rule"]
    everything = _everything_on(examples, outputs["BusName"])
    examples.front.planned["eventbridge-rule"].append((500, ""))

    _customer_added(examples, "acme")
    _customer_added(examples, "initech")

    events = [json.loads(each["Body"]) for each in kept.receive(everything, 3)]
    (said,) = (each["detail"] for each in events if each["detail-type"] == "Jobs Read")
    assert said == {"customer": "acme", "jobs": 3}
    (aside,) = kept.receive(outputs["DeadLetterQueueUrl"], 1)
    assert json.loads(aside["Body"])["detail"] == {"customer": "initech"}
    assert aside["MessageAttributes"]["reason"]["StringValue"] == "invalid_target"
    assert examples.front.answered["eventbridge-rule"] == [500, 200]
    kept.check()


def test_rule_s_target_gives_up_after_two_more_tries(examples: Examples, kept: Kept) -> None:
    before = len(examples.front.answered["eventbridge-rule"])
    examples.front.planned["eventbridge-rule"].extend([(503, "")] * 3)

    _customer_added(examples, "globex")

    outputs = examples.outputs["eventbridge-rule"]
    (given_up,) = kept.receive(outputs["DeadLetterQueueUrl"], 1)
    told = json.loads(given_up["Body"])
    assert told["requestPayload"]["detail"] == {"customer": "globex"}
    assert told["responsePayload"]["errorType"] == "RetryableError"
    assert examples.front.answered["eventbridge-rule"][before:] == [503] * 3
    kept.check()


def _through_the_pipe(examples: Examples, kept: Kept, number: int) -> list[dict[str, Any]]:
    """What EventBridge Pipes does, which the local AWS does not: source, enrichment, target.

    The function is invoked with the records of SQS that a pipe hands over, and what it gives
    becomes the events that the template's target describes.
    """
    template = load(EXAMPLES / "eventbridge-pipe" / "template.yaml")
    pipe = template["Resources"]["Pipe"]["Properties"]
    target = pipe["TargetParameters"]["EventBridgeEventBusParameters"]
    outputs = examples.outputs["eventbridge-pipe"]
    answers = []
    for message in kept.receive(outputs["QueueUrl"], number):
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:queue",
            "awsRegion": "eu-west-1",
        }
        answer = _invoke(examples, outputs["FunctionName"], [record])
        answers.append(answer)
        for each in answer["payload"] if answer["error"] is None else []:
            entry = {
                "EventBusName": outputs["BusName"],
                "Source": target["Source"],
                "DetailType": target["DetailType"],
                "Detail": json.dumps(each),
            }
            examples.stack.client("events").put_events(Entries=[entry])
    kept.keep(answers)
    return answers


def _invoke(examples: Examples, function: str, event: object) -> dict[str, Any]:
    answer = examples.stack.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps(event).encode()
    )
    payload = json.loads(answer["Payload"].read())
    return {"payload": payload, "error": answer.get("FunctionError")}


def test_enrichment_adds_what_the_api_says_and_no_token(examples: Examples, kept: Kept) -> None:
    outputs = examples.outputs["eventbridge-pipe"]
    everything = _everything_on(examples, outputs["BusName"])
    sqs = examples.stack.client("sqs")
    for customer in ("acme", "initech"):
        body = json.dumps({"customer": customer, "order": 7})
        sqs.send_message(QueueUrl=outputs["QueueUrl"], MessageBody=body)

    _through_the_pipe(examples, kept, 2)

    events = [json.loads(each["Body"])["detail"] for each in kept.receive(everything, 2)]
    assert sorted(events, key=json.dumps) == [
        {"customer": "acme", "order": 7, "jobs": 3},
        {"customer": "initech", "order": 7, "refused": "invalid_target"},
    ]
    kept.check()


def test_enrichment_raises_while_the_api_is_away_so_that_the_pipe_tries_again(
    examples: Examples, kept: Kept
) -> None:
    outputs = examples.outputs["eventbridge-pipe"]
    examples.front.planned["eventbridge-pipe"].append((503, "7"))
    examples.stack.client("sqs").send_message(
        QueueUrl=outputs["QueueUrl"], MessageBody=json.dumps({"customer": "acme"})
    )

    (answer,) = _through_the_pipe(examples, kept, 1)

    assert answer["error"]
    assert answer["payload"]["errorType"] == "RetryableError"
    kept.check()


def test_consumer_completes_each_new_item_and_not_its_own_update(
    examples: Examples, kept: Kept
) -> None:
    outputs = examples.outputs["dynamodb-stream"]
    dynamodb = examples.stack.client("dynamodb")
    table = outputs["TableName"]

    for customer in ("initech", "acme"):
        dynamodb.put_item(TableName=table, Item={"customer": {"S": customer}})

    (aside,) = kept.receive(outputs["DeadLetterQueueUrl"], 1)
    assert json.loads(aside["Body"]) == {"customer": "initech"}

    def completed() -> dict[str, Any] | None:
        item: dict[str, Any] = dynamodb.get_item(TableName=table, Key={"customer": {"S": "acme"}})[
            "Item"
        ]
        return item if "jobs" in item else None

    item = wait_for(completed, "the number of jobs")
    assert item["jobs"] == {"N": "3"}
    kept.keep(dynamodb.scan(TableName=table)["Items"])
    assert examples.front.answered["dynamodb-stream"][-1] == 200
    kept.check()


def _change(number: int, customer: str) -> dict[str, Any]:
    """A record as a stream with `KEYS_ONLY` has it."""
    return {
        "eventID": f"event-{number}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "Keys": {"customer": {"S": customer}},
            "SequenceNumber": f"{number:021d}",
            "SizeBytes": 20,
            "StreamViewType": "KEYS_ONLY",
        },
    }


@pytest.mark.parametrize(
    ("planned", "failed"),
    [
        pytest.param([], [], id="nothing fails"),
        pytest.param([(200, ""), (503, "")], [2], id="the second record fails"),
    ],
)
def test_consumer_names_the_first_record_that_failed(
    examples: Examples, kept: Kept, planned: list[tuple[int, str]], failed: list[int]
) -> None:
    # The local AWS does not go by the answer, so the function is given the records itself.
    function = examples.outputs["dynamodb-stream"]["FunctionName"]
    names = ("globex", "globex", "globex")
    records = [_change(number, name) for number, name in enumerate(names, 1)]
    examples.front.planned["dynamodb-stream"].extend(planned)

    answer = _invoke(examples, function, {"Records": records})

    expected = [{"itemIdentifier": f"{number:021d}"} for number in failed]
    assert answer == {"payload": {"batchItemFailures": expected}, "error": None}
    table = examples.outputs["dynamodb-stream"]["TableName"]
    items = examples.stack.client("dynamodb").scan(TableName=table)["Items"]
    assert {"S": "globex"} not in [item["customer"] for item in items], "a deleted item is back"
    kept.keep(answer)
    kept.check()


def test_export_runs_by_its_schedule_and_writes_what_each_customer_has(
    examples: Examples, kept: Kept
) -> None:
    bucket = examples.outputs["scheduled-export"]["BucketName"]
    s3 = examples.stack.client("s3")

    (found,) = wait_for(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"), "an export")

    text = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read().decode()
    kept.keep(text)
    exported = json.loads(text)
    assert found["Key"].startswith("jobs/")
    assert [len(exported[name]) for name in ("acme", "globex")] == [3, 3]
    assert len(_invocations_of(examples, "jobs-export")) == 1
    kept.check()


def _invocations_of(examples: Examples, caller: str) -> set[str]:
    """The invocations of tokenvend by which *caller* was given the tokens of both customers."""
    lines = [json.loads(line) for line in examples.stack.function_logs() if line.startswith("{")]
    given = [line for line in lines if line.get("identity") == f"alias:{caller}"]
    assert sorted(line["tenant"] for line in given) == ["acme", "globex"]
    return {line["request_id"] for line in given}
