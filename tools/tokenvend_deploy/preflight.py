"""Check an account before anything is deployed, and name what it lacks.

Each check asks AWS one thing, and says what would go wrong and what to do about it. A check that
AWS denies becomes a note: a missing right to look is no reason not to deploy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tokenvend_deploy.refusals import NOT_ALLOWED
from tokenvend_deploy.stack import ClientOf, DeployedStack

#: How many concurrent environments AWS requires an account to leave unreserved.
_UNRESERVED = 100
#: VendIam, VendOauth2, Metadata and Jwks; the pages' function is beside them if there are pages.
_HTTP_FUNCTIONS = 4
#: VendIam and VendOauth2.
_PROVISIONED_FUNCTIONS = 2
_POLICY_TYPE = "AWS::Lambda::ResourcePolicy"
#: Stack states that CloudFormation does not update, each with how to leave it.
_STUCK = {
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name {stack}",
    "DELETE_FAILED": "aws cloudformation delete-stack --stack-name {stack}",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that prevents the deployment, or only a note. `mend` says what to do."""

    what: str
    mend: str
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be deployed, and where. `parameters` are all of the template's."""

    stack: str
    region: str
    parameters: Mapping[str, str]


def preflight(
    client: ClientOf, target: Target, deployed: DeployedStack | None
) -> Iterator[Finding]:
    """Return everything that prevents deploying *target*, and notes."""
    checks: Sequence[Callable[[], Iterator[Finding]]] = (
        lambda: _stack(target, deployed),
        lambda: _logs_role(client("apigateway"), target),
        lambda: _policies(client("cloudformation"), target),
        lambda: _concurrency(client("lambda"), target, deployed),
    )
    for check in checks:
        try:
            yield from check()
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_ALLOWED:
                raise
            yield Finding(
                f"{error.operation_name} may not be called here, so this was not looked at.",
                f"Allow {error.operation_name} to whoever deploys, to have it checked.",
                blocks=False,
            )


def _stack(target: Target, deployed: DeployedStack | None) -> Iterator[Finding]:
    if deployed is None:
        return
    if deployed.is_failed:
        yield Finding(
            f"The first deployment of {target.stack} failed ({deployed.status}).",
            f"Remove it: make deploy DEPLOY_ARGS='--remove-failed --stack {target.stack}'",
        )
    if deployed.status in _STUCK:
        yield Finding(
            f"{target.stack} cannot be deployed to ({deployed.status}): its events say why.",
            f"Mend what they name, then run: {_STUCK[deployed.status].format(stack=target.stack)}",
        )
    if deployed.status.endswith("_IN_PROGRESS"):
        yield Finding(
            f"Somebody is deploying {target.stack} right now ({deployed.status}).",
            "Wait until that is done.",
        )
    was, now = deployed.parameters.get("DeploymentId"), target.parameters["DeploymentId"]
    if was is not None and was != now:
        yield Finding(
            f"{target.stack} is the deployment {was}, and you ask for {now}: every consent would be"
            " unreadable, and no secret would be found.",
            f"Leave DeploymentId out, or say DeploymentId={was}. For {now}, deploy another stack.",
        )


def _logs_role(apigateway: Any, target: Target) -> Iterator[Finding]:
    if "true" in {target.parameters["ApiGatewayLogsRole"], target.parameters["LocalStack"]}:
        return
    if not apigateway.get_account().get("cloudwatchRoleArn"):
        yield Finding(
            "API Gateway has no role for CloudWatch Logs in this account and Region, so its access"
            " logs cannot be switched on.",
            "Deploy with ApiGatewayLogsRole=true, which makes one; or set one under Settings in the"
            " API Gateway console.",
        )


def _policies(cloudformation: Any, target: Target) -> Iterator[Finding]:
    if target.parameters["LocalStack"] == "true":
        return
    try:
        cloudformation.describe_type(Type="RESOURCE", TypeName=_POLICY_TYPE)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"TypeNotFoundException", "CFNRegistryException"}:
            raise
        yield Finding(
            f"{target.region} has no {_POLICY_TYPE}: nothing would deny others to invoke the"
            " functions with a forged event.",
            "Deploy to another Region.",
        )


def _concurrency(
    functions: Any, target: Target, deployed: DeployedStack | None
) -> Iterator[Finding]:
    provisioned, reserved_each = (
        _number(target.parameters, name) for name in ("ProvisionedConcurrency", "HttpConcurrency")
    )
    if 0 < reserved_each < provisioned:
        yield Finding(
            f"ProvisionedConcurrency={provisioned} is more than HttpConcurrency={reserved_each},"
            " which is all that each of these functions may run.",
            "Raise HttpConcurrency, or lower ProvisionedConcurrency.",
        )
    wanted = _taken(target.parameters)
    if not wanted:
        return
    unreserved = functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    free = unreserved + _reserved(deployed.parameters if deployed else {}) - _UNRESERVED
    if wanted > free:
        yield Finding(
            "HttpConcurrency, DirectConcurrency and ProvisionedConcurrency take"
            f" {wanted} environments in all, and this account has {max(0, free)} to give.",
            "Lower them, or ask for more concurrent executions (Service Quotas, Lambda).",
        )


def _taken(parameters: Mapping[str, str]) -> int:
    """Return how many environments are taken. Provisioned ones come out of reserved ones."""
    if _number(parameters, "HttpConcurrency"):
        return _reserved(parameters)
    ready = _PROVISIONED_FUNCTIONS * _number(parameters, "ProvisionedConcurrency")
    return _reserved(parameters) + ready


def _reserved(parameters: Mapping[str, str]) -> int:
    http = _HTTP_FUNCTIONS + (parameters.get("ConsentPages") == "true")
    return http * _number(parameters, "HttpConcurrency") + _number(parameters, "DirectConcurrency")


def _number(parameters: Mapping[str, str], name: str) -> int:
    return int(parameters.get(name, "0") or 0)
