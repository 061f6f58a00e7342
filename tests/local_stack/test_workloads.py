"""Workloads by their own platform's tokens: an issuer on this machine, the deployed functions."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from tests.fakes.issuer import new_key
from tests.local_stack.bare import deployed_variables
from tests.local_stack.ci_platform import SUBJECT, Ci, ci, issuer
from tests.local_stack.conftest import MEMORY_SECONDS

from tokenvend.domain.request import ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE
from tokenvend_local import emulator
from tokenvend_local.callers import ask_directly

__all__ = ["ci", "issuer"]


def test_workload_gets_a_token_and_the_audit_line_says_whose(
    ci: Ci, keep_out_of_logs: set[str]
) -> None:
    token = ci.token(jti="run-of-the-local-stack")
    keep_out_of_logs.update(token.split(".")[1:])

    answer = ci.ask(token, scope="jobs_read")

    assert (answer.status, answer.document.get("error")) == (200, None)
    assert answer.document["issued_token_type"] == ACCESS_TOKEN_TYPE
    keep_out_of_logs.add(answer.token)
    (line,) = [line for line in ci.stack.function_logs() if "run-of-the-local-stack" in line]
    audited = json.loads(line)
    assert (audited["caller"], audited["subject"]) == (ci.caller, SUBJECT)
    assert audited["issuer"] == ci.issuer.url


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "https://other.example"}, id="another audience"),
        pytest.param({"sub": "repo:acme/app:ref:refs/heads/team/main"}, id="another subject"),
        pytest.param({"exp": 1_700_000_000}, id="expired"),
        pytest.param({"iss": "http://127.0.0.1:1/tenant"}, id="another issuer"),
    ],
)
def test_token_that_proves_nobody_gets_nothing(ci: Ci, claims: dict[str, Any]) -> None:
    answer = ci.ask(ci.token(**claims))

    assert (answer.status, answer.error) == (400, "invalid_request")


def test_forged_token_gets_nothing_and_asks_nobody_else(ci: Ci) -> None:
    forged = ci.token(key=new_key("ES256", "first"))

    assert ci.ask(forged).error == "invalid_request"
    assert {path.rpartition("/")[2] for path in ci.issuer.asked} <= {
        *("keys", "openid-configuration"),
    }


def test_issuer_that_is_down_stops_nobody_whose_key_is_known(ci: Ci) -> None:
    assert ci.ask(ci.token()).status == 200
    ci.issuer.is_down = True
    try:
        assert ci.ask(ci.token()).status == 200
    finally:
        ci.issuer.is_down = False


def test_workload_invokes_through_the_shared_alias(ci: Ci, keep_out_of_logs: set[str]) -> None:
    worker = ci.harness.role(ci.harness.name("worker"), may_invoke="Workloads")
    # That the alias denies whoever may invoke everything, `tests/cli/test_aliases.py` shows.
    stranger = ci.harness.role(ci.harness.name("stranger"), may_invoke="another")
    ci.harness.configuration["direct_workloads"] = {"principals": [worker.arn]}
    ci.harness.apply()
    event = {
        "credential": ci.credential,
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": ci.token(),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    }

    answer = ask_directly(ci.stack.deployed, worker, "Workloads", event)
    unproven = ask_directly(ci.stack.deployed, worker, "Workloads", {"credential": ci.credential})

    keep_out_of_logs.add(answer.token)
    assert answer.document["issued_token_type"] == ACCESS_TOKEN_TYPE
    assert unproven.error == "unsupported_grant_type"
    with pytest.raises(ClientError, match="AccessDenied"):
        ask_directly(ci.stack.deployed, stranger, "Workloads", event)


def test_built_function_verifies_by_what_the_layer_carries_alone(ci: Ci) -> None:
    """The local AWS has packages of its own; here the artifact alone must do."""
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": ci.token(),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    }
    event = {
        "resource": "/oauth2/{credential}/token",
        "httpMethod": "POST",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "pathParameters": {"credential": ci.credential},
        "requestContext": {"identity": {}},
        "body": urlencode(form),
        "isBase64Encoded": False,
    }
    function, log = "VendOauth2Function", ci.stack.folder / "runtime-workloads.log"
    variables = deployed_variables(ci.stack, function)

    with emulator.environment(function, alias="live", variables=variables, log=log) as started:
        answer = started.invoke(event)

    assert answer.get("statusCode") == 200, answer
    assert json.loads(answer["body"])["issued_token_type"] == ACCESS_TOKEN_TYPE


def test_block_of_the_caller_stops_its_workloads(ci: Ci) -> None:
    ci.stack.tokenvend("block", "caller", ci.caller, "--reason", "a test")
    try:
        time.sleep(MEMORY_SECONDS)
        assert ci.ask(ci.token()).error == "invalid_client"
    finally:
        ci.stack.tokenvend("unblock", "caller", ci.caller)
    time.sleep(MEMORY_SECONDS)
    assert ci.ask(ci.token()).status == 200
