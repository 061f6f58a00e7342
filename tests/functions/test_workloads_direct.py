"""Token exchange by direct invocation, through the alias that workloads share."""

import json
from io import StringIO
from typing import Any

import pytest
from tests.fakes.issuer import SUBJECT
from tests.functions.conftest import load_handler, through
from tests.functions.token_exchange import FORM, token
from tests.unit.consent.harness import RETURN_URL
from tests.unit.vending.harness import Harness

from tokenvend.domain.request import ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE


# By direct invocation, through the alias that workloads share ------------------------------------
def invoke(event: Any, alias: str = "Workloads") -> dict[str, Any]:
    return load_handler("vend_direct")(event, through(alias))


def exchange(**fields: Any) -> dict[str, Any]:
    return FORM | {"credential": "jobs", "subject_token": token()} | fields


def test_workload_invokes_through_the_shared_alias(harness: Harness, log: StringIO) -> None:
    answer = invoke(exchange(scope="jobs_read"))

    assert (answer["token_type"], answer["issued_token_type"]) == ("Bearer", ACCESS_TOKEN_TYPE)
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["entry"], line["caller"], line["subject"]) == ("direct", "billing", SUBJECT)
    assert harness.provider.exchanges == 1


@pytest.mark.usefixtures("harness")
def test_each_request_of_a_batch_brings_its_own_token() -> None:
    answers = invoke(
        {"requests": [exchange(), exchange(subject_token=token(sub="x")), {"credential": "jobs"}]}
    )["answers"]

    assert [answer.get("error") for answer in answers] == [
        *(None, "invalid_request", "unsupported_grant_type"),
    ]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"credential": "jobs"}, id="no token"),
        pytest.param({"credential": "jobs", "caller": "billing"}, id="a name"),
        pytest.param({"credential": "jobs", "grant_type": TOKEN_EXCHANGE}, id="no subject token"),
        pytest.param(exchange(caller="billing"), id="a name beside the token"),
        pytest.param(exchange(actor_token="x"), id="an actor"),
        pytest.param(exchange(subject_token=7), id="a number"),
        pytest.param(exchange(subject_token_type=["jwt"]), id="a list of types"),
        pytest.param(exchange(subject_token=token(aud="https://x.example")), id="not for us"),
        pytest.param({"reject": exchange()}, id="a report of nothing"),
        pytest.param({"reject": 7}, id="a report that is a number"),
        pytest.param(7, id="a number alone"),
        pytest.param(None, id="nothing"),
    ],
)
def test_shared_alias_alone_proves_nobody(event: Any) -> None:
    answer = invoke(event)

    assert answer["error"] in {"invalid_request", "unsupported_grant_type"}
    assert not answer["retryable"]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("alias", ["workloads", "Workload", "WORKLOADS", "billing"])
def test_no_other_alias_takes_a_subject_token(alias: str) -> None:
    answer = invoke(exchange(), alias)

    assert answer["error"] in {"invalid_client", "invalid_request"}


@pytest.mark.usefixtures("harness")
def test_api_key_is_handed_out_by_direct_invocation_to_a_workload_too() -> None:
    assert invoke(exchange(credential="jobs-key"))["token_type"] == "N_A"


@pytest.mark.usefixtures("harness")
def test_workload_reports_and_connects_through_the_shared_alias() -> None:
    vended = invoke(exchange())
    report = {**exchange(), "token_sha256": vended["token_sha256"]}
    start = {
        **exchange(credential="hiring"),
        "action": "start",
        "connection": "user-7",
        "return_url": RETURN_URL,
    }

    assert invoke({"reject": report})["outcome"] == "accepted"
    assert invoke({"connections": start})["connection"] == "user-7"
