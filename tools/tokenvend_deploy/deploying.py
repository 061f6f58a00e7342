"""The steps of `make deploy`, in their order."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

from tokenvend_deploy import new_registry
from tokenvend_deploy.built import find_foreign_code
from tokenvend_deploy.failed_stack import remove_failed_stack
from tokenvend_deploy.preflight import Target, preflight
from tokenvend_deploy.stack import ClientOf, DeployedStack, failure_reasons, read_stack
from tokenvend_deploy.versions import find_mismatches, prune
from tokenvend_local import artifact, places
from tokenvend_local.errors import LocalStackError
from tokenvend_local.progress import step_shown
from tokenvend_local.sam import run_sam_for_aws

_LOG = places.BUILD / "deploy.log"


class DeployError(LocalStackError):
    """Deploying ended; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """What was asked for on the command line."""

    stack: str
    region: str | None
    profile: str | None
    parameters: Mapping[str, str]
    file: Path
    endpoint_url: str | None


def deploy(
    client: ClientOf, order: DeploymentRequest, region: str | None, *, only_look: bool = False
) -> None:
    """Deploy this folder, or only check whether something prevents it.

    *region* is the one that the request or the user's AWS settings name.

    Raises:
        LocalStackError: something prevents it or failed; the text says what to do.
        botocore.exceptions.ClientError: AWS refuses.
    """
    with step_shown("Looking at the account"):
        account = client("sts").get_caller_identity()["Account"]
        deployed = read_stack(client("cloudformation"), order.stack)
        target = _target(order, region, deployed.parameters if deployed else {})
        findings = list(preflight(client, target, deployed))
        is_first = deployed is None or _is_unfinished(client, deployed)
    for finding in findings:
        sys.stdout.write(f"  {'✗' if finding.blocks else '·'} {finding.what}\n    {finding.mend}\n")
    if any(finding.blocks for finding in findings):
        raise DeployError("Nothing was deployed.")
    if only_look:
        sys.stdout.write(f"Account {account}, {target.region}: nothing stands in the way.\n")
        return
    with step_shown("Building functions and layer"):
        artifact.build_for_aws(places.BUILD / "build.log", target.parameters["Architecture"])
    if deployed is None:
        # Deletion protection would stop CloudFormation from rolling back a failed first deployment.
        with step_shown("Deploying for the first time"):
            _create(client, order)
    with step_shown("Deploying"):
        protection = {"DeletionProtection": "true"} if is_first else {}
        _update(client, order, protection | dict(order.parameters))
    if is_first:
        _begin_registry(client, order.stack)
    _check_what_runs(client, order.stack)
    _apply(order)
    _prune(client, order.stack)


def _target(order: DeploymentRequest, region: str | None, deployed: Mapping[str, str]) -> Target:
    template: Mapping[str, Any] = cfn_yaml.load(str(places.TEMPLATE))
    defaults = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
    unknown = order.parameters.keys() - defaults.keys()
    if unknown:
        raise DeployError(f"The template has no parameter {', '.join(sorted(unknown))}.")
    if region is None:
        raise DeployError("Which Region? Name it with --region or AWS_DEFAULT_REGION.")
    known = {name: value for name, value in deployed.items() if name in defaults}
    return Target(order.stack, region, {**defaults, **known, **order.parameters})


def _is_unfinished(client: ClientOf, deployed: DeployedStack) -> bool:
    """Whether the stack was created, by any means, but its registry was never written."""
    table = deployed.outputs.get("RegistryTableName")
    return (
        deployed.was_never_updated
        and table is not None
        and new_registry.is_unwritten(client("dynamodb"), table)
    )


def _create(client: ClientOf, order: DeploymentRequest) -> None:
    try:
        _update(client, order, {**order.parameters, "DeletionProtection": "false"})
    except LocalStackError:
        stack = read_stack(client("cloudformation"), order.stack)
        if stack is not None and stack.is_failed:
            remove_failed_stack(client, order.stack)
        raise


def _update(client: ClientOf, order: DeploymentRequest, parameters: Mapping[str, str]) -> None:
    # AWS's clock may be behind this one, so events of a minute earlier count too.
    began = datetime.now(UTC) - timedelta(minutes=1)
    try:
        _sam_deploy(order, parameters)
    except LocalStackError as error:
        reasons = _why_it_failed(client, order.stack, began)
        if not reasons:
            raise
        said = "\n".join(f"  {each}" for each in reasons)
        raise DeployError(f"CloudFormation failed:\n{said}\nThe whole log: {error.log}") from None


def _why_it_failed(client: ClientOf, stack: str, began: datetime) -> list[str]:
    if read_stack(client("cloudformation"), stack) is None:
        return []
    return failure_reasons(client("cloudformation"), stack, began)


def _sam_deploy(order: DeploymentRequest, parameters: Mapping[str, str]) -> None:
    given = [f"{name}={value}" for name, value in parameters.items()]
    run_sam_for_aws(
        *("deploy", "--template-file", str(artifact.AWS_BUILD / "template.yaml")),
        *("--stack-name", order.stack),
        *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
        *("--no-fail-on-empty-changeset", "--no-progressbar"),
        *(("--region", order.region) if order.region else ()),
        *(("--profile", order.profile) if order.profile else ()),
        *(("--parameter-overrides", *given) if given else ()),
        log=_LOG,
        endpoint=order.endpoint_url,
    )


def _begin_registry(client: ClientOf, stack: str) -> None:
    """Allow `tokenvend apply` to write the empty registry, unless a former one still exists."""
    outputs = _read(client, stack).outputs
    table, deployment = outputs["RegistryTableName"], outputs["DeploymentId"]
    former = new_registry.former_registries(client("dynamodb"), table, deployment)
    if former:
        sys.stdout.write(
            f"There is a former registry of {deployment}, with its client secrets and blocks:"
            f" {', '.join(former)}.\n  Restore it: tokenvend --stack {stack} restore registry"
            f" --from {former[0]}\n  Or, if nothing of it matters: tokenvend --stack {stack} apply"
            " --first\n"
        )
    elif new_registry.is_unwritten(client("dynamodb"), table):
        new_registry.mark_as_new(client("dynamodb"), table, deployment)


def _read(client: ClientOf, name: str) -> DeployedStack:
    stack = read_stack(client("cloudformation"), name)
    if stack is None:
        raise DeployError(f"The stack {name} is gone: somebody deleted it meanwhile.")
    return stack


def _functions_of(client: ClientOf, stack: str) -> dict[str, str]:
    """Return the functions' names by their logical ids."""
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def _check_what_runs(client: ClientOf, stack: str) -> None:
    functions, names = client("lambda"), _functions_of(client, stack)
    with step_shown("Comparing what runs with what was built"):
        wrong = [
            f"  {each.function}: live is version {each.version}, which differs from the newest in"
            f" {', '.join(each.fields)}"
            for each in find_mismatches(functions, list(names.values()))
        ] or [
            f"  {each.function}: version {each.version} runs another {each.part}:"
            f" {', '.join(each.files[:3])}{' …' if len(each.files) > 3 else ''}"
            for each in find_foreign_code(functions, names, artifact.AWS_BUILD)
        ]
    if wrong:
        raise DeployError("`live` is not what was built:\n" + "\n".join(wrong))


def _apply(order: DeploymentRequest) -> None:
    if not order.file.is_file():
        sys.stdout.write(f"There is no {order.file}: write it, then run `tokenvend apply`.\n")
        return
    command = [
        *(str(places.VENV / "bin" / "tokenvend"), "--stack", order.stack),
        *(("--region", order.region) if order.region else ()),
        *(("--profile", order.profile) if order.profile else ()),
        *(("--endpoint-url", order.endpoint_url) if order.endpoint_url else ()),
        *("apply", "--file", str(order.file), "--yes"),
    ]
    with step_shown(f"Applying {order.file}"):
        done = subprocess.run(command, check=False)
    if done.returncode:
        raise DeployError("`tokenvend apply` failed; what it says is above. The stack is deployed.")


def _prune(client: ClientOf, stack: str) -> None:
    names = _functions_of(client, stack).values()
    with step_shown("Removing versions that nobody needs"):
        for name in names:
            prune(client("lambda"), name)
    sys.stdout.write(f"{stack} is deployed: {len(names)} functions run what was built.\n")
