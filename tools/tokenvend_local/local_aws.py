"""The local AWS: one ministack process on a loopback port, with IAM enforced."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tokenvend_local import places, processes
from tokenvend_local.errors import LocalStackError
from tokenvend_local.processes import LOOPBACK, Process

_SERVER = Path(__file__).with_name("local_aws_server.py")
#: Its temporary files, in the folder of its stack.
TEMPORARY = "tmp"
_READY_SECONDS = 30.0
#: Lambda workers live as long as the stack, so that a pause in a tour causes no cold start.
_WARM_SECONDS = 3600


def start(
    folder: Path, *, server: Path = _SERVER, variables: Mapping[str, str] | None = None
) -> tuple[Process, str]:
    """Start it, with its log and temporary files in *folder*; return the process and its endpoint.

    *server* is the script that its interpreter runs, *variables* are added to its environment.

    Raises:
        LocalStackError: it is not installed, or did not start.
    """
    if not places.MINISTACK_PYTHON.exists():
        raise LocalStackError("The local AWS is not installed; run it by `make`.")
    port = processes.free_port()
    endpoint = f"http://{LOOPBACK}:{port}"
    log = folder / "aws.log"
    command = [str(places.MINISTACK_PYTHON), "-P", str(server)]
    settings = _settings(port, folder) | dict(variables or {})
    environ = places.environment(settings, inherited=os.environ)
    process = processes.start("The local AWS", command, environ=environ, log=log)
    try:
        processes.wait_until(
            process, lambda: _is_ready(endpoint), within_seconds=_READY_SECONDS, log=log
        )
    except BaseException:
        processes.stop(process)
        raise
    return process, endpoint


@contextmanager
def running(
    folder: Path, *, server: Path = _SERVER, variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a local AWS during the block, and yield its endpoint; raises as `start` does."""
    process, endpoint = start(folder, server=server, variables=variables)
    try:
        yield endpoint
    finally:
        processes.stop(process)


def _settings(port: int, folder: Path) -> dict[str, str]:
    temporary = folder / TEMPORARY
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": LOOPBACK,
        "AUTH": "true",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": places.ACCOUNT,
        "MINISTACK_REGION": places.REGION,
        "LAMBDA_WARM_TTL_SECONDS": str(_WARM_SECONDS),
        "TMPDIR": str(temporary),
        "STATE_DIR": str(temporary / "state"),
        "S3_DATA_DIR": str(temporary / "s3"),
        # The workers inherit this. Without bytecode, each would compile boto3 again.
        "PYTHONDONTWRITEBYTECODE": "",
    }


def _is_ready(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/ready", timeout=2) as answer:  # noqa: S310  our own loopback address
            return answer.status == 200 and "status" in json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return False
