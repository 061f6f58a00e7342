"""The rows on API Gateway: its stages, its limits, its logs, a domain, a web ACL."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import urllib3
from tests.smoke.aws_answers import in_turn, log_groups, log_lines
from tests.smoke.conftest import TOKEN, FakeRun
from tests.smoke.fake_aws import Answer

from tokenvend_smoke.outcome import DidNotHoldError, NotRunError
from tokenvend_smoke.rows import gateway


def test_a_stage_beside_v1_is_named(fake_run: Callable[..., FakeRun]) -> None:
    gateway.only_v1_is_there(
        fake_run({"apigateway.GetStages": {"item": [{"stageName": "v1"}]}}).smoke
    )

    stages = {"item": [{"stageName": "v1"}, {"stageName": "Stage"}]}
    with pytest.raises(DidNotHoldError, match="'Stage'"):
        gateway.only_v1_is_there(fake_run({"apigateway.GetStages": stages}).smoke)


@contextmanager
def _answers(monkeypatch: pytest.MonkeyPatch, status: int, **headers: str) -> Iterator[None]:
    """Every request over HTTP is answered so."""

    def answer(*_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        return response

    with monkeypatch.context() as patch:
        patch.setattr(requests, "post", answer)
        patch.setattr(requests, "get", answer)
        yield


def test_too_many_requests_get_429_with_a_time(
    fake_run: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    with _answers(monkeypatch, 429, **{"Retry-After": "1"}):
        gateway.throttling_works(fake_run({}).smoke)
    with _answers(monkeypatch, 429), pytest.raises(DidNotHoldError, match="no Retry-After"):
        gateway.throttling_works(fake_run({}).smoke)
    with _answers(monkeypatch, 401), pytest.raises(DidNotHoldError, match="all let in"):
        gateway.throttling_works(fake_run({}).smoke)


def _said(*lines: object, trace: str = "{}") -> dict[str, Answer]:
    return (
        log_groups()
        | log_lines(*lines)
        | {
            "xray.GetTraceSummaries": {"TraceSummaries": [{"Id": "1"}]},
            "xray.BatchGetTraces": {"Traces": [{"Segments": [{"Document": trace}]}]},
        }
    )


def test_a_link_or_code_in_a_log_or_trace_is_found(fake_run: Callable[..., FakeRun]) -> None:
    gateway.consents_leave_no_trace(fake_run(_said({"route": "/connect/{link}"})).smoke)

    for told in (
        _said({"path": "/connect/the-link"}),
        _said("code=the-code"),
        _said({}, trace="https://pages.example/connect/the-link"),
    ):
        with pytest.raises(DidNotHoldError, match="is in there"):
            gateway.consents_leave_no_trace(fake_run(told).smoke)
    with pytest.raises(DidNotHoldError, match="no access log arrived"):
        gateway.consents_leave_no_trace(fake_run(_said()).smoke)


def test_an_access_log_that_stays_empty_is_told(fake_run: Callable[..., FakeRun]) -> None:
    gateway.access_logs_arrive(fake_run(log_groups() | log_lines({"status": "200"})).smoke)

    with pytest.raises(DidNotHoldError, match="no line arrived, within 5 min"):
        gateway.access_logs_arrive(fake_run(log_groups() | log_lines()).smoke)


def test_both_logs_must_name_the_same_invocation(fake_run: Callable[..., FakeRun]) -> None:
    def told(function: str) -> dict[str, Answer]:
        groups = log_groups() | log_lines()
        access = {"message": json.dumps({"invocation_id": "r-1"})}
        vend = {"message": json.dumps({"request_id": function})}
        groups["logs.FilterLogEvents"] = lambda params: {
            "events": [access if params["logGroupName"].endswith("access") else vend]
        }
        return groups

    gateway.access_log_names_the_invocation(fake_run(told("r-1")).smoke)

    with pytest.raises(DidNotHoldError, match="the same invocation"):
        gateway.access_log_names_the_invocation(fake_run(told("r-2")).smoke)


def _serves(monkeypatch: pytest.MonkeyPatch, issuer: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []

    class Pool:
        def __init__(self, host: str, **settings: Any) -> None:
            made.append({"host": host, **settings})

        def request(self, _: str, path: str, headers: dict[str, str]) -> urllib3.HTTPResponse:
            made.append({"path": path, **headers})
            body = json.dumps({"issuer": issuer}).encode()
            return urllib3.HTTPResponse(body=body, status=200)

    monkeypatch.setattr(urllib3, "HTTPSConnectionPool", Pool)
    return made


def test_a_domain_is_asked_before_its_record_is_there(
    fake_run: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = fake_run({}, domain="tokens.example.com", certificate="arn:certificate")
    made = _serves(monkeypatch, "https://tokens.example.com/oauth2/machine")
    gateway.a_domain_serves(given.smoke)

    assert made[0]["host"].startswith("d-1.execute-api")
    assert made[0]["server_hostname"] == made[0]["assert_hostname"] == "tokens.example.com"
    assert made[1]["Host"] == "tokens.example.com"
    _serves(monkeypatch, "https://vending.execute-api.eu-west-1.amazonaws.com/v1/oauth2/machine")
    with pytest.raises(DidNotHoldError, match="the issuer is https://vending"):
        gateway.a_domain_serves(given.smoke)
    with pytest.raises(NotRunError, match="give DOMAIN"):
        gateway.a_domain_serves(fake_run({}).smoke)


def _sampled(*hosts: str) -> dict[str, Answer]:
    sampled = [
        {
            "Request": {"Headers": [{"Name": "Host", "Value": host}]},
            "Weight": 1,
            "Timestamp": datetime.now(UTC),
        }
        for host in hosts
    ]
    return {"wafv2.GetSampledRequests": in_turn([{}, {"SampledRequests": sampled}])}


def test_a_web_acl_must_have_seen_both_apis(
    fake_run: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = "execute-api.eu-west-1.amazonaws.com"
    with _answers(monkeypatch, 403):
        gateway.a_web_acl_counts(fake_run(_sampled(f"vending.{host}", f"pages.{host}")).smoke)
        with pytest.raises(DidNotHoldError, match="not sampled both"):
            gateway.a_web_acl_counts(fake_run(_sampled(f"vending.{host}")).smoke)


def test_every_entry_must_answer(fake_run: Callable[..., FakeRun]) -> None:
    given = fake_run({})
    gateway.every_entry_vends(given.smoke)

    for refused in range(3):
        answers = [TOKEN, TOKEN, TOKEN]
        answers[refused] = {"status": 503, "error": "temporarily_unavailable"}
        given.callers.answers = [*answers, TOKEN]
        with pytest.raises(DidNotHoldError, match="temporarily_unavailable"):
            gateway.every_entry_vends(given.smoke)
