"""What a request may be at the most."""

import json
from typing import Any

import pytest
from tests.functions.conftest import ROOT, load_handler, through

from tokenvend.domain import bounds


def posted(body: str) -> Any:
    path = ROOT / "events" / "vend_iam" / "granted.json"
    return json.loads(path.read_text(encoding="utf-8"))["event"] | {"body": body}


@pytest.mark.usefixtures("harness")
def test_body_is_taken_to_its_bound_and_refused_beyond() -> None:
    handler, longest = load_handler("vend_iam"), "note=".ljust(bounds.BODY_BYTES, "x")

    taken = handler(posted(longest), through("live"))
    refused = handler(posted(longest + "x"), through("live"))

    assert taken["statusCode"] == 200
    assert (refused["statusCode"], json.loads(refused["body"])["error"]) == (400, "invalid_request")


@pytest.mark.usefixtures("harness")
def test_batch_is_taken_to_its_bound_and_refused_beyond() -> None:
    handler, request = load_handler("vend_direct"), {"credential": "jobs"}

    taken = handler({"requests": [request] * bounds.BATCH_REQUESTS}, through("billing"))
    refused = handler({"requests": [request] * (bounds.BATCH_REQUESTS + 1)}, through("billing"))

    assert len(taken["answers"]) == bounds.BATCH_REQUESTS
    assert all("access_token" in answer for answer in taken["answers"])
    assert refused["error"] == "invalid_request"
