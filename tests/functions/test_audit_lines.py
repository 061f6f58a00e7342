"""Every request leaves one audit line, with the reference that finds it."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.functions.audit_lines import REFERENCE, only
from tests.functions.conftest import load_handler, through
from tests.unit.vending.harness import Harness

from tokenvend.domain.secret import Secret

DIGEST = Secret("a-token").sha256
FORM = "application/x-www-form-urlencoded"


def by_role(name: str, **form: str) -> dict[str, Any]:
    role = f"arn:aws:sts::111122223333:assumed-role/{name}/session"
    return {
        "resource": "/iam/{credential}/token",
        "pathParameters": {"credential": "jobs"},
        "headers": {"Content-Type": FORM},
        "requestContext": {"identity": {"userArn": role, "user": "AROAEXAMPLEEXAMPLE:session"}},
        "body": urlencode(form),
    }


def test_a_report_is_answered_and_audited_by_the_tokens_digest(
    harness: Harness, log: StringIO
) -> None:
    del harness
    event = by_role("billing", token="a-token") | {"resource": "/iam/{credential}/token/reject"}

    answer = load_handler("vend_iam")(event, through("live"))

    assert json.loads(answer["body"]) == {"outcome": "replaced", "token_sha256": DIGEST}
    line = only(log)
    assert (line["message"], line["request_id"]) == ("reject", REFERENCE)
    assert (line["token_sha256"], line["outcome"]) == (DIGEST, "replaced")
    assert (line["entry"], line["credential"]) == ("iam", "jobs")


@pytest.mark.usefixtures("harness")
def test_a_report_that_is_refused_is_audited_as_what_it_asks_for(log: StringIO) -> None:
    event = {"reject": {"credential": "jobs", "token": "t", "scope": "jobs_manage"}}

    answer = load_handler("vend_direct")(event, through("billing"))

    line = only(log)
    assert answer["error"] == "invalid_scope"
    assert (line["credential"], line["requested_scope"], line["entry"]) == (
        *("jobs", "jobs_manage"),
        "direct",
    )
    assert (line["identity"], line["request_id"]) == ("alias:billing", REFERENCE)


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(("function", "entry"), [("vend_iam", "iam"), ("vend_oauth2", "oauth2")])
def test_an_event_that_came_another_way_is_nobodys(
    log: StringIO, function: str, entry: str
) -> None:
    answer = load_handler(function)(by_role("billing"), through("7"))

    line = only(log)
    assert answer["statusCode"] == 401
    assert (line["entry"], line["rule"]) == (entry, "entry.live_alias")
    assert line["request_id"] == REFERENCE
    assert line.keys().isdisjoint({"identity", "credential"})


@pytest.mark.usefixtures("harness")
def test_a_direct_event_that_came_another_way_is_nobodys(log: StringIO) -> None:
    answer = load_handler("vend_direct")({"credential": "jobs"}, through(None))

    line = only(log)
    assert (answer["error"], answer["retryable"]) == ("invalid_client", False)
    assert (line["entry"], line["rule"], line["request_id"]) == (
        *("direct", "entry.caller_alias"),
        REFERENCE,
    )
    assert line.keys().isdisjoint({"identity", "credential"})


@pytest.mark.usefixtures("harness")
def test_a_malformed_direct_request_is_its_callers(log: StringIO) -> None:
    load_handler("vend_direct")({"credential": "jobs", "caller": "admin"}, through("billing"))

    line = only(log)
    assert (line["identity"], line["rule"]) == ("alias:billing", "request.unknown_field")


def test_a_request_has_the_time_of_its_invocation(harness: Harness) -> None:
    """11 s are needed for an exchange; a token that is there needs none."""
    short = replace(through("live"), remaining_ms=10_999)
    vend = load_handler("vend_iam")

    refused = vend(by_role("billing"), short)
    granted = vend(by_role("billing"), replace(short, remaining_ms=11_000 + 500))

    assert (refused["statusCode"], granted["statusCode"]) == (503, 200)
    assert harness.provider.exchanges == 1
