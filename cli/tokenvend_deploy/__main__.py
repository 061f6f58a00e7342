"""`python -m tokenvend_deploy …`: what `make deploy` runs."""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from cfnlint.decode import cfn_yaml

from tokenvend_deploy.failed_stack import remove_failed_stack
from tokenvend_deploy.preflight import ClientOf, Target, preflight, read_stack
from tokenvend_deploy.versions import find_mismatches, prune
from tokenvend_local import artifact, places
from tokenvend_local.errors import LocalStackError
from tokenvend_local.progress import told
from tokenvend_local.sam import run_sam_for_aws

_LOG = places.BUILD / "deploy.log"
_BUILT = places.ROOT / ".aws-sam" / "build" / "template.yaml"


class DeployError(LocalStackError):
    """Deploying ended; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line."""

    stack: str
    region: str | None
    profile: str | None
    parameters: Mapping[str, str]
    file: Path
    endpoint_url: str | None


def main(arguments: Sequence[str]) -> int:
    """Deploy this folder to AWS, or say what stands in the way."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        parameters = dict(pair.split("=", 1) for pair in asked.parameters)
    except ValueError:
        parser.error("a parameter is given as Name=Value")
    order = Order(
        asked.stack, asked.region, asked.profile, parameters, asked.file, asked.endpoint_url
    )
    try:
        session = boto3.Session(region_name=order.region, profile_name=order.profile)
        client = partial(session.client, endpoint_url=order.endpoint_url)
        if asked.remove_failed:
            _remove(client, order)
        else:
            _deploy(client, order, session.region_name, only_look=asked.preflight)
    except (LocalStackError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make deploy DEPLOY_ARGS=…", description=main.__doc__)
    parser.add_argument("parameters", nargs="*", metavar="Name=Value", help="template parameters")
    parser.add_argument("--stack", default="tokenvend", help="the CloudFormation stack")
    parser.add_argument("--region", help="the AWS Region; else your AWS settings say")
    parser.add_argument("--profile", help="a profile of your AWS settings")
    parser.add_argument(
        "--file", type=Path, default=Path("tokenvend.yaml"), help="applied if there"
    )
    parser.add_argument("--endpoint-url", help="another AWS, such as a local one")
    parser.add_argument("--preflight", action="store_true", help="look, and deploy nothing")
    parser.add_argument(
        "--remove-failed", action="store_true", help="remove a stack whose first deployment failed"
    )
    return parser


def _deploy(client: ClientOf, order: Order, region: str | None, *, only_look: bool) -> None:
    with told("Looking at the account"):
        account = client("sts").get_caller_identity()["Account"]
        deployed = read_stack(client("cloudformation"), order.stack)
        target = _target(order, region, deployed.parameters if deployed else {})
        findings = list(preflight(client, target, deployed))
    for finding in findings:
        sys.stdout.write(f"  {'✗' if finding.blocks else '·'} {finding.what}\n    {finding.mend}\n")
    if any(finding.blocks for finding in findings):
        raise DeployError("Nothing was deployed.")
    if only_look:
        sys.stdout.write(f"Account {account}, {target.region}: nothing stands in the way.\n")
        return
    with told("Building functions and layer"):
        artifact.build_for_aws(places.BUILD / "build.log", target.parameters["Architecture"])
    if deployed is None:
        # Protection would stop CloudFormation from taking back a first deployment that fails.
        with told("Deploying for the first time"):
            _first(client, order)
    with told("Deploying"):
        _sam_deploy(order, order.parameters)
    _look_after(client, order, is_first=deployed is None)


def _target(order: Order, region: str | None, standing: Mapping[str, str]) -> Target:
    template: Mapping[str, Any] = cfn_yaml.load(str(places.TEMPLATE))
    defaults = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
    unknown = order.parameters.keys() - defaults.keys()
    if unknown:
        raise DeployError(f"The template has no parameter {', '.join(sorted(unknown))}.")
    if region is None:
        raise DeployError("Which Region? Name it with --region or AWS_DEFAULT_REGION.")
    known = {name: value for name, value in standing.items() if name in defaults}
    return Target(order.stack, region, {**defaults, **known, **order.parameters})


def _first(client: ClientOf, order: Order) -> None:
    try:
        _sam_deploy(order, {**order.parameters, "DeletionProtection": "false"})
    except LocalStackError:
        cloudformation = client("cloudformation")
        stack = read_stack(cloudformation, order.stack)
        if stack is not None and stack.is_failed:
            remove_failed_stack(cloudformation, client("dynamodb"), order.stack)
        raise


def _sam_deploy(order: Order, parameters: Mapping[str, str]) -> None:
    given = {"DeletionProtection": "true", **parameters}
    run_sam_for_aws(
        *("deploy", "--template-file", str(_BUILT), "--stack-name", order.stack),
        *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
        *("--no-fail-on-empty-changeset", "--no-progressbar"),
        *(("--region", order.region) if order.region else ()),
        *(("--profile", order.profile) if order.profile else ()),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in given.items())),
        log=_LOG,
        endpoint=order.endpoint_url,
    )


def _look_after(client: ClientOf, order: Order, *, is_first: bool) -> None:
    functions, names = client("lambda"), _functions_of(client("cloudformation"), order.stack)
    with told("Comparing `live` with what was deployed"):
        wrong = list(find_mismatches(functions, names))
    if wrong:
        lines = [
            f"  {each.function}: live is {each.version}, {', '.join(each.fields)}" for each in wrong
        ]
        raise DeployError("`live` is not what was deployed:\n" + "\n".join(lines))
    if order.file.is_file():
        with told(f"Applying {order.file}"):
            _apply(order, is_first=is_first)
    else:
        sys.stdout.write(f"There is no {order.file}: write it, then run `tokenvend apply`.\n")
    with told("Removing versions that nobody needs"):
        for name in names:
            prune(functions, name)
    sys.stdout.write(f"{order.stack} is deployed: {len(names)} functions run what was deployed.\n")


def _functions_of(cloudformation: Any, stack: str) -> list[str]:
    return [
        resource["PhysicalResourceId"]
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    ]


def _apply(order: Order, *, is_first: bool) -> None:
    places_of = [
        *("--stack", order.stack),
        *(("--region", order.region) if order.region else ()),
        *(("--profile", order.profile) if order.profile else ()),
        *(("--endpoint-url", order.endpoint_url) if order.endpoint_url else ()),
    ]
    command = [
        str(places.VENV / "bin" / "tokenvend"),
        *places_of,
        "apply",
        "--file",
        str(order.file),
    ]
    first = ["--first"] if is_first else []
    done = subprocess.run([*command, "--yes", *first], check=False)
    if done.returncode:
        raise DeployError("`tokenvend apply` failed; what it says is above. The stack is deployed.")


def _remove(client: ClientOf, order: Order) -> None:
    with told(f"Removing {order.stack}, whose first deployment failed"):
        remove_failed_stack(client("cloudformation"), client("dynamodb"), order.stack)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
