"""A release, deployed by the AWS command line alone."""

import shutil
import subprocess

import requests

from tokenvend_deploy import release
from tokenvend_deploy.stack import read_stack
from tokenvend_smoke.outcome import DidNotHoldError, NotRunError
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.waiting import wait_until

_SECONDS = 1800


def release_stack(deployment_id: str) -> str:
    """The name of the stack that is made of a release."""
    return f"release-{deployment_id}"


def release_bucket(deployment_id: str, account: str) -> str:
    """The name of the bucket with the release."""
    return f"{deployment_id}-{account}-release"


def a_release_deploys(smoke: Smoke) -> None:
    """`make release`, `aws s3 cp`, `aws cloudformation create-stack`, as the docs say."""
    if shutil.which("aws") is None:
        raise NotRunError("install the AWS command line (`aws`)")
    account = smoke.account
    bucket = release_bucket(account.deployment_id, account.number)
    stack = release_stack(account.deployment_id)
    release.main()
    folder = release.RELEASES / f"tokenvend-{release.version()}"
    where = f"https://{bucket}.s3.{account.region}.amazonaws.com/{folder.name}/template.yaml"
    parameters = {
        "ArtifactBucket": bucket,
        "DeletionProtection": "false",
        "DeploymentId": f"{account.deployment_id[:29]}-r",
    }
    given = [f"ParameterKey={name},ParameterValue={value}" for name, value in parameters.items()]
    _aws(smoke, "s3", "mb", f"s3://{bucket}")
    _aws(smoke, "s3", "cp", "--recursive", str(folder), f"s3://{bucket}/{folder.name}/")
    _aws(
        smoke,
        *("cloudformation", "create-stack", "--stack-name", stack, "--template-url", where),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--parameters", *given),
    )
    account.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 15, "MaxAttempts": 80}
    )
    found = read_stack(account.client("cloudformation"), stack)
    if found is None:
        raise DidNotHoldError(f"{stack} is gone")
    url = f"{found.outputs['VendingApiUrl']}/.well-known/jwks.json"
    wait_until(
        lambda: requests.get(url, timeout=30).ok, minutes=3, otherwise=f"{url} does not answer"
    )


def _aws(smoke: Smoke, *arguments: str) -> None:
    profile = ("--profile", smoke.account.profile) if smoke.account.profile else ()
    ended = subprocess.run(
        ["aws", *arguments, "--region", smoke.account.region, *profile],
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    if ended.returncode:
        raise DidNotHoldError(f"`aws {arguments[0]} {arguments[1]}`: {ended.stderr.strip()}")
