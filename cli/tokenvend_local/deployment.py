"""`sam build` and `sam deploy` of the unchanged template into the local AWS."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tokenvend_local import places, processes
from tokenvend_local.errors import LocalStackError
from tokenvend_local.places import ROOT, SAM, SAM_BUILD, STACK_NAME, STAGE, TEMPLATE

_BUCKET = f"tokenvend-artifacts-{places.ACCOUNT}"
_FINGERPRINT = SAM_BUILD / ".built-from"
_SOURCES = (TEMPLATE, ROOT / "functions", ROOT / "layers", ROOT / "requirements" / "sam.txt")


@dataclass(frozen=True, slots=True)
class Deployed:
    """The deployed stack: its outputs, and where its API answers on this machine."""

    endpoint: str
    outputs: Mapping[str, str]

    @property
    def api_url(self) -> str:
        """The address before `/iam/…` and `/oauth2/…`."""
        api_id = self.outputs["VendingApiId"]
        return f"{self.endpoint}/_aws/execute-api/{api_id}/{STAGE}"


def client(endpoint: str, service: str, **credentials: str) -> Any:
    """A boto3 client for *service* of the local AWS: as its root, or with *credentials*.

    *credentials* are those of `boto3.client` (`aws_access_key_id`, …).
    """
    as_root = {"aws_access_key_id": places.ACCOUNT, "aws_secret_access_key": "local-stack"}
    session: Any = boto3.Session
    session = session(**(credentials or as_root), region_name=places.REGION)
    # A retry would hide what a test wants to see, and the proxy of the user is not for us.
    config = Config(
        retries={"total_max_attempts": 1}, proxies={}, max_pool_connections=64, read_timeout=60
    )
    return session.client(service, endpoint_url=endpoint, config=config)


def is_built() -> bool:
    """Whether `build` would do nothing."""
    return _FINGERPRINT.is_file() and _FINGERPRINT.read_text() == _fingerprint()


def build(log: Path) -> None:
    """Build functions and layer for this machine's processor, unless nothing has changed.

    Raises:
        LocalStackError: `sam build` failed.
    """
    if is_built():
        return
    wanted = _fingerprint()
    _FINGERPRINT.unlink(missing_ok=True)
    _sam(
        *("build", "--build-dir", str(SAM_BUILD), "--cached"),
        *("--cache-dir", str(places.BUILD / "sam-cache")),
        *("--parameter-overrides", f"Architecture={places.architecture()}"),
        log=log,
    )
    _FINGERPRINT.write_text(wanted)


def build_for_aws(log: Path) -> None:
    """Build what is deployed to AWS, in the place where `sam deploy` looks for it.

    Raises:
        LocalStackError: `sam build` failed.
    """
    _sam("build", log=log)


def deploy(endpoint: str, log: Path, parameters: Mapping[str, str] | None = None) -> Deployed:
    """Deploy what was built; *parameters* are the template's, beside those it needs here.

    Raises:
        LocalStackError: `sam deploy` failed.
    """
    client(endpoint, "s3").create_bucket(
        Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": places.REGION}
    )
    given = {"LocalStack": "true", "Architecture": places.architecture(), **(parameters or {})}
    _sam(
        *("deploy", "--template-file", str(SAM_BUILD / "template.yaml")),
        *("--stack-name", STACK_NAME, "--s3-bucket", _BUCKET, "--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-progressbar"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in given.items())),
        log=log,
        endpoint=endpoint,
    )
    deployed = Deployed(endpoint, _outputs(endpoint))
    _announce_issuer(deployed)
    return deployed


def _outputs(endpoint: str) -> dict[str, str]:
    described = client(endpoint, "cloudformation").describe_stacks(StackName=STACK_NAME)
    found = described["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def _announce_issuer(deployed: Deployed) -> None:
    """Make the metadata name this machine's address, as `IssuerBase` does for a custom domain.

    That address holds the API's id, which nobody knows before the deployment.
    """
    client(deployed.endpoint, "apigateway").update_stage(
        restApiId=deployed.outputs["VendingApiId"],
        stageName=STAGE,
        patchOperations=[
            {"op": "replace", "path": "/variables/issuer_base", "value": deployed.api_url}
        ],
    )


def _sam(*arguments: str, log: Path, endpoint: str | None = None) -> None:
    path = f"{places.BUILD_PYTHON_BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    # sam asks every 5 s how far a deployment has got; the local AWS is done in less.
    settings = {"PATH": path, "SAM_CLI_POLL_DELAY": "0.5"}
    environ = places.environment(settings, endpoint=endpoint, inherited=os.environ)
    command = [str(SAM), *arguments]
    if processes.run("sam", command, environ=environ, log=log, cwd=ROOT):
        raise LocalStackError(f"`sam {arguments[0]}` failed.", log=log)


def _fingerprint() -> str:
    """A SHA-256 over everything that `sam build` reads."""
    digest = hashlib.sha256(places.architecture().encode())
    for path in _files(_SOURCES):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_file():
            yield source
            continue
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
