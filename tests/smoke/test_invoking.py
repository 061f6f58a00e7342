"""The rows on who may invoke the functions."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.smoke.aws_answers import alarm
from tests.smoke.conftest import FakeRun
from tests.smoke.fake_aws import Answer, refuse

from tokenvend_smoke.outcome import DidNotHoldError
from tokenvend_smoke.rows import invoking

REFUSED = "Execution failed: Invalid permissions on Lambda function"
EXPLICIT = "with an explicit deny in a resource-based policy"
DENIED = {"lambda.Invoke": refuse("AccessDeniedException", EXPLICIT)}
INVOKED = {"lambda.Invoke": {"StatusCode": 200}}


def _metrics(invocations: float, errors: float = 0) -> dict[str, Answer]:
    def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
        found = {"Invocations": invocations, "Errors": errors}[params["MetricName"]]
        return {"Datapoints": [{"Sum": found, "Timestamp": datetime.now(UTC)}]}

    return {"cloudwatch.GetMetricStatistics": answer}


@pytest.mark.parametrize(
    "row", [invoking.only_api_gateway_invokes, invoking.policies_stay_after_an_update]
)
def test_an_administrator_who_is_denied_is_what_is_wanted(
    fake_run: Callable[..., FakeRun], row: Callable[..., None]
) -> None:
    row(fake_run(DENIED).smoke)

    with pytest.raises(DidNotHoldError, match="may invoke smoke-VendIam:live"):
        row(fake_run(INVOKED).smoke)


def test_another_failure_is_not_taken_for_a_denial(fake_run: Callable[..., FakeRun]) -> None:
    with pytest.raises(Exception, match="ResourceNotFoundException"):
        invoking.only_api_gateway_invokes(
            fake_run({"lambda.Invoke": refuse("ResourceNotFoundException")}).smoke
        )


def test_who_simply_lacks_the_right_proves_nothing(fake_run: Callable[..., FakeRun]) -> None:
    lacking = {"lambda.Invoke": refuse("AccessDeniedException", "no identity-based policy allows")}

    with pytest.raises(DidNotHoldError, match="by no explicit deny"):
        invoking.only_api_gateway_invokes(fake_run(lacking).smoke)


def test_renewal_goes_on_while_nobody_else_may_wake_it(fake_run: Callable[..., FakeRun]) -> None:
    invoking.only_schedules_wake(fake_run(DENIED | _metrics(5)).smoke)

    with pytest.raises(DidNotHoldError, match="was not woken"):
        invoking.only_schedules_wake(fake_run(DENIED | _metrics(0)).smoke)
    with pytest.raises(DidNotHoldError, match="failed 2 times"):
        invoking.only_schedules_wake(fake_run(DENIED | _metrics(5, errors=2)).smoke)


def test_a_callers_alias_answers_it_alone(fake_run: Callable[..., FakeRun]) -> None:
    given = fake_run(DENIED)
    invoking.only_the_caller_invokes_its_alias(given.smoke)
    given.callers.answers = [{"error": "invalid_client"}]

    with pytest.raises(DidNotHoldError, match="invalid_client"):
        invoking.only_the_caller_invokes_its_alias(given.smoke)
    with pytest.raises(DidNotHoldError, match="may invoke smoke-VendDirect:smoke"):
        invoking.only_the_caller_invokes_its_alias(fake_run(INVOKED).smoke)


def _test_button(status: int, *lines: str, log: str = REFUSED) -> dict[str, Answer]:
    return {
        "apigateway.GetResources": {
            "items": [{"id": "r1", "path": "/iam/{credential}/token"}, {"id": "r2", "path": "/"}]
        },
        "apigateway.TestInvokeMethod": {"status": status, "log": log},
        "lambda.GetFunctionConfiguration": {"LoggingConfig": {"LogGroup": "/logs"}},
        "logs.FilterLogEvents": {"events": [{"message": line} for line in lines]},
    }


@pytest.mark.parametrize("status", [500, 503])
def test_the_test_button_is_refused_and_runs_no_function(
    fake_run: Callable[..., FakeRun], status: int
) -> None:
    invoking.test_button_is_refused(fake_run(_test_button(status)).smoke)

    with pytest.raises(DidNotHoldError, match="it answered 200"):
        invoking.test_button_is_refused(fake_run(_test_button(200)).smoke)
    with pytest.raises(DidNotHoldError, match="for its permissions"):
        invoking.test_button_is_refused(fake_run(_test_button(status, log="a time-out")).smoke)
    with pytest.raises(DidNotHoldError, match="the function ran"):
        invoking.test_button_is_refused(fake_run(_test_button(status, "START")).smoke)


def test_an_unsigned_request_gets_our_json(fake_run: Callable[..., FakeRun]) -> None:
    given = fake_run({})
    refused = {"status": 401, "error": "invalid_client", "challenge": "AWS4-HMAC-SHA256"}
    given.callers.answers = [refused]
    invoking.unsigned_requests_get_our_json(given.smoke)
    given.callers.answers = [refused | {"challenge": 'Basic realm="x"'}]
    with pytest.raises(DidNotHoldError, match="its WWW-Authenticate is Basic"):
        invoking.unsigned_requests_get_our_json(given.smoke)
    given.callers.answers = [{"status": 403, "message": "Missing Authentication Token"}]

    with pytest.raises(DidNotHoldError, match="it got 403"):
        invoking.unsigned_requests_get_our_json(given.smoke)


def test_a_long_name_counts_only_if_it_is_long_and_renewal_runs(
    fake_run: Callable[..., FakeRun],
) -> None:
    invoking.a_long_stack_name_deploys(fake_run(_metrics(5) | alarm("OK")).smoke)

    with pytest.raises(DidNotHoldError, match="is in ALARM"):
        invoking.a_long_stack_name_deploys(fake_run(_metrics(5) | alarm("ALARM")).smoke)
    given = fake_run(_metrics(5) | alarm("OK"))
    given.account.stack = "short"
    with pytest.raises(DidNotHoldError, match="has 5"):
        invoking.a_long_stack_name_deploys(given.smoke)
