"""Every file in events/ is replayed through its function."""

import json
from pathlib import Path

import pytest
from tests.functions.conftest import ROOT, load_handler, through
from tests.unit.vending.harness import Harness

EVENTS = sorted((ROOT / "events").glob("*/*.json"))


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("path", EVENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_event_is_answered_as_its_file_says(path: Path) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    function = path.parent.name
    alias = "billing" if function == "vend_direct" else "live"

    answer = load_handler(function)(sample["event"], through(alias))

    assert answer.get("statusCode") == sample["expected"]["status"]
    if "page" in sample["expected"]:
        assert sample["expected"]["page"] in answer["body"]
        return
    fields = json.loads(answer["body"]) if "body" in answer else answer
    assert fields.get("error") == sample["expected"]["error"]
    assert ("access_token" in fields) == sample["expected"].get("token", False)


def test_every_function_has_events() -> None:
    functions = {path.name for path in (ROOT / "functions").iterdir() if path.is_dir()}

    assert {path.parent.name for path in EVENTS} == functions


def test_batch_answers_each_request_for_itself(harness: Harness) -> None:
    event = {"requests": [{"credential": "jobs"}, {"credential": "nothing"}]}

    answers = load_handler("vend_direct")(event, through("billing"))["answers"]

    assert answers[0]["token_type"] == "Bearer"
    assert answers[1]["error"] == "unauthorized_client"
    assert answers[1]["retryable"] is False
    assert harness.provider.exchanges == 1
