"""`python -m tokenvend_deploy …`: what `make deploy` runs."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tokenvend_cli.problems import CommandError
from tokenvend_deploy.deploying import DeploymentRequest, deploy
from tokenvend_deploy.failed_stack import remove_failed_stack
from tokenvend_deploy.refusals import explain_failure
from tokenvend_local.errors import LocalStackError
from tokenvend_local.progress import step_shown


def main(arguments: Sequence[str]) -> int:
    """Deploy this folder to AWS, or say what stands in the way."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        parameters = dict(pair.split("=", 1) for pair in options.parameters)
    except ValueError:
        parser.error("a parameter is given as Name=Value")
    order = DeploymentRequest(
        options.stack,
        options.region,
        options.profile,
        parameters,
        options.file,
        options.endpoint_url,
    )
    try:
        session = boto3.Session(region_name=order.region, profile_name=order.profile)
        client = partial(session.client, endpoint_url=order.endpoint_url)
        if options.remove_failed:
            with step_shown(f"Removing {order.stack}, whose first deployment failed"):
                remove_failed_stack(client, order.stack)
        else:
            deploy(client, order, session.region_name, only_look=options.preflight)
    except (BotoCoreError, ClientError) as error:
        return _end(explain_failure(error))
    except (LocalStackError, CommandError) as error:
        return _end(str(error))
    return 0


def _end(text: str) -> int:
    sys.stderr.write(f"\n{text}\n")
    return 1


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
