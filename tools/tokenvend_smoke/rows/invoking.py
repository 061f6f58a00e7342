"""Who may invoke the functions: only AWS's services, and a caller its own alias."""

import json
import time

from botocore.exceptions import ClientError

from tokenvend_smoke.callers import CALLER, error_of
from tokenvend_smoke.configuration import MACHINE
from tokenvend_smoke.logs import lines_since
from tokenvend_smoke.metrics import alarm_state, metric_sum
from tokenvend_smoke.outcome import DidNotHoldError, require
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.waiting import wait_until

_HTTP = ("VendIam", "VendOauth2", "Metadata", "ConnectPages")
_SCHEDULED = ("Renew", "Sweep", "KeepAlive")
_DENIED = "AccessDeniedException"
#: As it is, and as the gateway response for all 5xx makes it.
_SERVER_ERRORS = (500, 503)
_REFUSED = "Invalid permissions on Lambda function"


def only_api_gateway_invokes(smoke: Smoke) -> None:
    """The person who runs this, an administrator, is denied `live` of each HTTP function."""
    for function in _HTTP:
        must_be_denied(smoke, function, "live")


def only_schedules_wake(smoke: Smoke) -> None:
    """`live` of each scheduled function is denied, and renewal goes on."""
    for function in _SCHEDULED:
        must_be_denied(smoke, function, "live")
    renewal_goes_on(smoke)


def only_the_caller_invokes_its_alias(smoke: Smoke) -> None:
    """The caller's alias is denied to everybody else, and answers the caller."""
    must_be_denied(smoke, "VendDirect", CALLER)
    answer = smoke.caller.directly(MACHINE, scope=smoke.new_scope())
    require("access_token" in answer, f"the caller's own alias answered {error_of(answer)}")


def policies_stay_after_an_update(smoke: Smoke) -> None:
    """The first two rows again, after the deployment was updated."""
    only_api_gateway_invokes(smoke)
    for function in _SCHEDULED:
        must_be_denied(smoke, function, "live")


def test_button_is_refused(smoke: Smoke) -> None:
    """API Gateway's test of `POST /iam/{credential}/token` is refused, and runs no function."""
    gateway, outputs = smoke.account.client("apigateway"), smoke.account.outputs()
    api = outputs["VendingApiId"]
    resources = gateway.get_resources(restApiId=api, limit=500)["items"]
    (resource,) = [each for each in resources if each["path"] == "/iam/{credential}/token"]
    began = int(time.time() * 1000)
    tested = gateway.test_invoke_method(
        restApiId=api,
        resourceId=resource["id"],
        httpMethod="POST",
        pathWithQueryString=f"/iam/{MACHINE}/token",
        body="grant_type=client_credentials",
    )
    require(tested["status"] in _SERVER_ERRORS, f"it answered {tested['status']}")
    require(_REFUSED in tested.get("log", ""), "Lambda did not refuse it for its permissions")
    time.sleep(15)
    name = smoke.account.client("lambda").get_function_configuration(
        FunctionName=outputs["VendIamFunctionName"]
    )["LoggingConfig"]["LogGroup"]
    require(not list(lines_since(smoke.account, name, began)), "the function ran")


def unsigned_requests_get_our_json(smoke: Smoke) -> None:
    """An unsigned request gets 401 with our own error document, and is told how to sign."""
    answer = smoke.caller.post("/iam/x/token", None, {})
    expected = (401, "invalid_client")
    require((answer["status"], answer.get("error")) == expected, f"it got {error_of(answer)}")
    challenge = answer.get("challenge")
    require(challenge == "AWS4-HMAC-SHA256", f"its WWW-Authenticate is {challenge}")


def a_long_stack_name_deploys(smoke: Smoke) -> None:
    """This run's own stack has a name of 60 characters, and renewal runs in it."""
    wanted = 60
    require(len(smoke.account.stack) == wanted, f"the name has {len(smoke.account.stack)}")
    renewal_goes_on(smoke)
    state = alarm_state(smoke.account, "RenewErrorAlarm")
    require(state != "ALARM", f"RenewErrorAlarm is in {state}")


def renewal_goes_on(smoke: Smoke) -> None:
    """The metric `Renewals` counts, or at least the function runs without an error."""
    name = smoke.account.outputs()["RenewFunctionName"]
    dimensions = {"FunctionName": name}
    began = time.time() - 300

    def runs() -> bool:
        found = metric_sum(smoke.account, "AWS/Lambda", "Invocations", dimensions, began)
        return bool(found)

    wait_until(runs, minutes=8, otherwise=f"{name} was not woken", pause_seconds=20)
    failed = metric_sum(smoke.account, "AWS/Lambda", "Errors", dimensions, began)
    require(not failed, f"{name} failed {failed:g} times")


def must_be_denied(smoke: Smoke, function: str, alias: str) -> None:
    """Check that an explicit Deny refuses *alias* to the person who runs this.

    Raises:
        DidNotHoldError: it may, or merely lacks the right.
        botocore.exceptions.ClientError: it failed otherwise.
    """
    name = f"{smoke.account.outputs()[f'{function}FunctionName']}:{alias}"
    try:
        smoke.account.client("lambda").invoke(
            FunctionName=name, Payload=json.dumps({"credential": MACHINE}).encode()
        )
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code != _DENIED:
            raise
        # Without any right to invoke, a refusal proves nothing about the Deny.
        require("explicit deny" in said.lower(), f"{name} is denied, but by no explicit deny")
        return
    raise DidNotHoldError(f"whoever runs this may invoke {name}")
