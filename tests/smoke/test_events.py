"""What the rows of the pipe and the stream take for shown, and the handlers that they deploy."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.smoke.conftest import FakeRun
from tests.smoke.fake_aws import Answer

from tokenvend_smoke.outcome import DidNotHoldError
from tokenvend_smoke.rows import events
from tokenvend_smoke.stacks import CODE_CHARACTERS, handler_code


def _pipe(jobs: Mapping[str, int]) -> dict[str, Answer]:
    bodies = [{"detail": {"customer": name, "jobs": number}} for name, number in jobs.items()]
    return {
        "sqs.SendMessage": {},
        "sqs.ReceiveMessage": {"Messages": [{"Body": json.dumps(each)} for each in bodies]},
    }


def _stream(jobs: Mapping[str, int]) -> dict[str, Answer]:
    items = [{"customer": {"S": name}, "jobs": {"N": str(jobs[name])}} for name in jobs]
    return {"dynamodb.PutItem": {}, "dynamodb.Scan": {"Items": [*items, {"customer": {"S": "x"}}]}}


ROWS = [
    pytest.param(_pipe, events.a_pipe_sends_on_what_is_enriched, id="pipe"),
    pytest.param(_stream, events.a_stream_goes_on_from_the_record_that_failed, id="stream"),
]


@pytest.mark.parametrize(("answers", "row"), ROWS)
def test_row_holds_if_what_failed_came_again_and_nothing_else(
    fake_run: Callable[..., FakeRun], answers: Callable[..., Any], row: Callable[..., None]
) -> None:
    row(fake_run(answers({"acme": 1, "globex": 2})).smoke)

    with pytest.raises(DidNotHoldError, match="'acme': 2"):
        row(fake_run(answers({"acme": 2, "globex": 2})).smoke)
    with pytest.raises(DidNotHoldError, match=r"did not come out|not worked on"):
        row(fake_run(answers({"acme": 1})).smoke)


def _handler(name: str) -> Callable[[Any, object], Any]:
    code = handler_code(name)
    assert len(code) <= CODE_CHARACTERS
    module: dict[str, Any] = {"__name__": "index"}
    exec(compile(code, name, "exec"), module)  # noqa: S102 - our own handlers
    if "_dynamodb" in module:
        module["_complete"] = lambda *_: None
    handler: Callable[[Any, object], Any] = module["handler"]
    return handler


def test_deployed_enrichment_fails_once_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    handler = _handler("enrichment")
    record = {"body": json.dumps({"customer": "globex"})}

    with pytest.raises(Exception, match="api_503"):
        handler([record], None)
    assert handler([record], None) == [{"customer": "globex", "jobs": 2}]


def test_deployed_consumer_names_the_record_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    handler = _handler("stream_consumer")
    records = [
        {"dynamodb": {"Keys": {"customer": {"S": name}}, "SequenceNumber": str(number)}}
        for number, name in enumerate(("acme", "globex"))
    ]

    assert handler({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert handler({"Records": records[1:]}, None) == {"batchItemFailures": []}
