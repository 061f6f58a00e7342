"""The rows on who may invoke the functions."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.smoke.aws_answers import alarm
from tests.smoke.conftest import Scene
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
    scene: Callable[..., Scene], row: Callable[..., None]
) -> None:
    row(scene(DENIED).smoke)

    with pytest.raises(DidNotHoldError, match="may invoke smoke-VendIam:live"):
        row(scene(INVOKED).smoke)


def test_another_failure_is_not_taken_for_a_denial(scene: Callable[..., Scene]) -> None:
    with pytest.raises(Exception, match="ResourceNotFoundException"):
        invoking.only_api_gateway_invokes(
            scene({"lambda.Invoke": refuse("ResourceNotFoundException")}).smoke
        )


def test_who_simply_lacks_the_right_proves_nothing(scene: Callable[..., Scene]) -> None:
    lacking = {"lambda.Invoke": refuse("AccessDeniedException", "no identity-based policy allows")}

    with pytest.raises(DidNotHoldError, match="by no explicit deny"):
        invoking.only_api_gateway_invokes(scene(lacking).smoke)


def test_renewal_goes_on_while_nobody_else_may_wake_it(scene: Callable[..., Scene]) -> None:
    invoking.only_schedules_wake(scene(DENIED | _metrics(5)).smoke)

    with pytest.raises(DidNotHoldError, match="was not woken"):
        invoking.only_schedules_wake(scene(DENIED | _metrics(0)).smoke)
    with pytest.raises(DidNotHoldError, match="failed 2 times"):
        invoking.only_schedules_wake(scene(DENIED | _metrics(5, errors=2)).smoke)


def test_a_callers_alias_answers_it_alone(scene: Callable[..., Scene]) -> None:
    given = scene(DENIED)
    invoking.only_the_caller_invokes_its_alias(given.smoke)
    given.callers.answers = [{"error": "invalid_client"}]

    with pytest.raises(DidNotHoldError, match="invalid_client"):
        invoking.only_the_caller_invokes_its_alias(given.smoke)
    with pytest.raises(DidNotHoldError, match="may invoke smoke-VendDirect:smoke"):
        invoking.only_the_caller_invokes_its_alias(scene(INVOKED).smoke)


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
    scene: Callable[..., Scene], status: int
) -> None:
    invoking.test_button_is_refused(scene(_test_button(status)).smoke)

    with pytest.raises(DidNotHoldError, match="it answered 200"):
        invoking.test_button_is_refused(scene(_test_button(200)).smoke)
    with pytest.raises(DidNotHoldError, match="for its permissions"):
        invoking.test_button_is_refused(scene(_test_button(status, log="a time-out")).smoke)
    with pytest.raises(DidNotHoldError, match="the function ran"):
        invoking.test_button_is_refused(scene(_test_button(status, "START")).smoke)


def test_an_unsigned_request_gets_our_json(scene: Callable[..., Scene]) -> None:
    given = scene({})
    given.callers.answers = [{"status": 401, "error": "invalid_client"}]
    invoking.unsigned_requests_get_our_json(given.smoke)
    given.callers.answers = [{"status": 403, "message": "Missing Authentication Token"}]

    with pytest.raises(DidNotHoldError, match="it got 403"):
        invoking.unsigned_requests_get_our_json(given.smoke)


def test_a_long_name_counts_only_if_it_is_long_and_renewal_runs(
    scene: Callable[..., Scene],
) -> None:
    invoking.a_long_stack_name_deploys(scene(_metrics(5) | alarm("OK")).smoke)

    with pytest.raises(DidNotHoldError, match="is in ALARM"):
        invoking.a_long_stack_name_deploys(scene(_metrics(5) | alarm("ALARM")).smoke)
    given = scene(_metrics(5) | alarm("OK"))
    given.account.stack = "short"
    with pytest.raises(DidNotHoldError, match="has 5"):
        invoking.a_long_stack_name_deploys(given.smoke)
