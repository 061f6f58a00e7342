"""Look at an account before anything is deployed, and name what it lacks.

Each check asks AWS one thing, and says what would go wrong and what to do about it. What may not
be asked becomes a note: a missing right to look is no reason not to deploy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

#: An account must leave so many environments to functions that reserve none.
_UNRESERVED = 100
#: VendIam, VendOauth2, Metadata, Jwks and ConnectPages.
_HTTP_FUNCTIONS = 5
_POLICY_TYPE = "AWS::Lambda::ResourcePolicy"
_NOT_ALLOWED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

type ClientOf = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that stands in the way, or only a note. `mend` says what to do."""

    what: str
    mend: str
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be deployed, and where. `parameters` are all of the template's."""

    stack: str
    region: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """The stack as it stands. `is_failed`: its first deployment failed, and it can only go."""

    status: str
    parameters: Mapping[str, str]

    @property
    def is_failed(self) -> bool:
        """Whether it was never deployed whole."""
        return self.status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}


def read_stack(cloudformation: Any, name: str) -> DeployedStack | None:
    """The stack *name*; `None` if there is none.

    Raises:
        botocore.exceptions.ClientError: CloudFormation does not say.
    """
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    if stack["StackStatus"] in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
        return None
    return DeployedStack(
        stack["StackStatus"],
        {
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in stack.get("Parameters", [])
        },
    )


def preflight(
    client: ClientOf, target: Target, deployed: DeployedStack | None
) -> Iterator[Finding]:
    """All that stands in the way of deploying *target*."""
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
            if error.response["Error"]["Code"] not in _NOT_ALLOWED:
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
    wanted = _reserved(target.parameters)
    if not wanted:
        return
    unreserved = functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    free = unreserved + _reserved(deployed.parameters if deployed else {}) - _UNRESERVED
    if wanted > free:
        yield Finding(
            f"HttpConcurrency and DirectConcurrency reserve {wanted} environments in all, and this"
            f" account can reserve {max(0, free)} more.",
            "Lower them, or ask for more concurrent executions (Service Quotas, Lambda).",
        )


def _reserved(parameters: Mapping[str, str]) -> int:
    http, direct = (
        int(parameters.get(name, "0") or 0) for name in ("HttpConcurrency", "DirectConcurrency")
    )
    return _HTTP_FUNCTIONS * http + direct
