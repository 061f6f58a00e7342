"""Each row of what a caller sees when something is wrong, over HTTP and by direct invocation."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.fakes.provider import json_response
from tests.functions.conftest import ROOT, load_handler, through
from tests.unit.vending.harness import BILLING, Harness

from tokenvend.domain.quota import microseconds
from tokenvend.domain.registry import Caller
from tokenvend.entries.direct import RetryableError


def _nothing(_: Harness) -> None:
    """Everything as it should be: nothing is away."""


def _block(harness: Harness) -> None:
    harness.reader.blocked |= {BILLING.identity, "alias:billing"}


def _refuse(harness: Harness) -> None:
    harness.provider.script(
        json_response({"error": "invalid_client", "hint": "hunter2"}, status=401)
    )


def _fail(harness: Harness) -> None:
    harness.provider.script(json_response({"hint": "hunter2"}, status=500))


def _limit(harness: Harness) -> None:
    for identity in (BILLING.identity, "alias:billing"):
        caller: Caller = harness.reader.callers[identity]
        harness.reader.callers[identity] = replace(caller, requests_per_minute=1)
        harness.quotas.empty_at[caller.name] = microseconds(harness.clock.now())


@dataclass(frozen=True)
class Row:
    """What is wrong, and what the caller sees."""

    status: int
    error: str
    asked: dict[str, str] = field(default_factory=dict)
    credential: str = "jobs"
    happens: Callable[[Harness], None] = _nothing
    retried: bool = False


ROWS = [
    pytest.param(Row(400, "invalid_request", {"min_ttl_seconds": "soon"}), id="malformed"),
    pytest.param(
        Row(400, "unsupported_grant_type", {"grant_type": "password"}), id="another grant type"
    ),
    pytest.param(Row(401, "invalid_client", happens=_block), id="blocked"),
    pytest.param(Row(400, "unauthorized_client", credential="other"), id="no grant"),
    pytest.param(Row(400, "invalid_scope", {"scope": "jobs_manage"}), id="scope beyond the grant"),
    pytest.param(Row(400, "invalid_target", {"audience": "urn:x"}), id="audience beyond the grant"),
    pytest.param(Row(400, "invalid_target", {"resource": "urn:x"}), id="resource beyond the grant"),
    pytest.param(Row(400, "invalid_target", {"tenant": "acme"}), id="tenant beyond the grant"),
    pytest.param(Row(502, "provider_refused", happens=_refuse), id="provider refuses"),
    pytest.param(
        Row(503, "temporarily_unavailable", happens=_fail, retried=True), id="provider away"
    ),
    pytest.param(
        Row(429, "temporarily_unavailable", happens=_limit, retried=True), id="too many requests"
    ),
]


def over_http(row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    path = ROOT / "events" / "vend_iam" / "granted.json"
    event = json.loads(path.read_text(encoding="utf-8"))["event"]
    event["pathParameters"] = {"credential": row.credential}
    event["body"] = "&".join(f"{name}={value}" for name, value in row.asked.items())
    answer = load_handler("vend_iam")(event, through("live"))
    return answer, json.loads(answer["body"])


@pytest.mark.parametrize("row", ROWS)
def test_row_over_http(harness: Harness, row: Row) -> None:
    row.happens(harness)

    answer, fields = over_http(row)

    assert (answer["statusCode"], fields["error"]) == (row.status, row.error)
    assert fields["error_description"]
    assert ("Retry-After" in answer["headers"]) == row.retried
    assert ("WWW-Authenticate" in answer["headers"]) == (row.status == 401)
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert "hunter2" not in answer["body"]


@pytest.mark.parametrize("row", ROWS)
def test_row_by_direct_invocation_has_the_same_fields(harness: Harness, row: Row) -> None:
    row.happens(harness)
    handler, asked = load_handler("vend_direct"), {"credential": row.credential, **row.asked}

    (in_batch,) = handler({"requests": [asked]}, through("billing"))["answers"]

    assert (in_batch["error"], in_batch["retryable"]) == (row.error, row.retried)
    assert ("retry_after_seconds" in in_batch) == row.retried
    assert ("provider_error" in in_batch) == (row.error == "provider_refused")
    assert "hunter2" not in json.dumps(in_batch)


@pytest.mark.parametrize("row", [row for row in ROWS if row.values[0].retried])  # type: ignore[union-attr]
def test_single_direct_invocation_raises_what_a_retry_may_cure(harness: Harness, row: Row) -> None:
    row.happens(harness)

    with pytest.raises(RetryableError) as caught:
        load_handler("vend_direct")({"credential": row.credential}, through("billing"))

    assert json.loads(str(caught.value))["error"] == row.error
