"""Deploy the build of the unchanged template to the local AWS, by `sam deploy`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tokenvend_local import places
from tokenvend_local.places import SAM_BUILD, STACK_NAME, STAGE
from tokenvend_local.sam import run_sam

_BUCKET = f"tokenvend-artifacts-{places.ACCOUNT}"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The deployed stack: its outputs, and where its API answers on this machine."""

    endpoint: str
    outputs: Mapping[str, str]

    @property
    def api_url(self) -> str:
        """The address before `/iam/…` and `/oauth2/…`."""
        return self._url_of("VendingApiId")

    @property
    def pages_url(self) -> str:
        """The address before `/connect/…` and `/callback/…`."""
        return self._url_of("PagesApiId")

    def _url_of(self, output: str) -> str:
        return f"{self.endpoint}/_aws/execute-api/{self.outputs[output]}/{STAGE}"


def client(endpoint: str, service: str, **credentials: str) -> Any:
    """Return a boto3 client for *service* of the local AWS: as its root, or with *credentials*.

    *credentials* are those of `boto3.client` (`aws_access_key_id`, …).
    """
    as_root = {"aws_access_key_id": places.ACCOUNT, "aws_secret_access_key": "local-stack"}
    session: Any = boto3.Session
    session = session(**(credentials or as_root), region_name=places.REGION)
    # A retry would hide what a test wants to see, and the user's proxy cannot reach loopback.
    config = Config(
        retries={"total_max_attempts": 1}, proxies={}, max_pool_connections=64, read_timeout=60
    )
    return session.client(service, endpoint_url=endpoint, config=config)


def deploy(
    endpoint: str,
    log: Path,
    parameters: Mapping[str, str] | None = None,
    *,
    build: Path = SAM_BUILD,
) -> Deployed:
    """Deploy *build*, for the first time or again.

    *parameters* are added to the template parameters that the local stack needs.

    Raises:
        LocalStackError: `sam deploy` failed.
    """
    _ensure_bucket(endpoint)
    given = {
        "LocalStack": "true",
        "ConsentPages": "true",
        "Architecture": places.architecture(),
        **(parameters or {}),
    }
    run_sam(
        *("deploy", "--template-file", str(build / places.JSON_TEMPLATE)),
        *("--stack-name", STACK_NAME, "--s3-bucket", _BUCKET, "--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-progressbar", "--no-fail-on-empty-changeset"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in given.items())),
        log=log,
        endpoint=endpoint,
    )
    deployed = Deployed(endpoint, _outputs(endpoint))
    _announce_issuer(deployed)
    return deployed


def _ensure_bucket(endpoint: str) -> None:
    s3 = client(endpoint, "s3")
    if _BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(
            Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": places.REGION}
        )


def _outputs(endpoint: str) -> dict[str, str]:
    described = client(endpoint, "cloudformation").describe_stacks(StackName=STACK_NAME)
    found = described["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def _announce_issuer(deployed: Deployed) -> None:
    """Make the metadata name this machine's address, as `IssuerBase` does for a custom domain.

    That address contains the API's id, which is not known before the deployment.
    """
    client(deployed.endpoint, "apigateway").update_stage(
        restApiId=deployed.outputs["VendingApiId"],
        stageName=STAGE,
        patchOperations=[
            {"op": "replace", "path": "/variables/issuer_base", "value": deployed.api_url}
        ],
    )
