"""One environment of a built function, on Lambda's own runtime and its interface emulator.

The interpreter has `awslambdaric` and boto3 as on AWS, and nothing else: all other imports of the
function must be in the built layer.
"""

import json
import os
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tokenvend_local import artifact, places, processes
from tokenvend_local.errors import LocalStackError
from tokenvend_local.processes import LOOPBACK, Process

_READY_SECONDS = 15.0
_ANSWER_SECONDS = 60.0
_INVOKE = "2015-03-31/functions/function/invocations"


@dataclass(frozen=True, slots=True)
class EmulatedEnvironment:
    """One running environment."""

    url: str
    process: Process
    log: Path

    def invoke(self, event: object) -> Any:
        """Return the function's answer; an exception in it is a document too, as on AWS."""
        request = urllib.request.Request(f"{self.url}/{_INVOKE}", json.dumps(event).encode())  # noqa: S310  our own loopback address
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def environment(
    function: str,
    *,
    alias: str | None,
    variables: Mapping[str, str],
    log: Path,
    handler: str = "app.lambda_handler",
) -> Iterator[EmulatedEnvironment]:
    """Run one environment of the built *function*, invoked through *alias*, until the block ends.

    *variables* are the function's own: those of the template, and where AWS is. *handler* is what
    the runtime calls.

    Raises:
        LocalStackError: the environment did not start.
    """
    port, runtime_port = processes.free_port(), processes.free_port()
    process = processes.start(
        function,
        [
            *(str(_emulator()), "--log-level", "error"),
            *("--runtime-interface-emulator-address", f"{LOOPBACK}:{port}"),
            *("--runtime-api-address", f"{LOOPBACK}:{runtime_port}"),
            *(str(places.RUNTIME_PYTHON), "-m", "awslambdaric", handler),
        ],
        environ=lambda_environment(function, alias=alias) | dict(variables),
        log=log,
        cwd=places.SAM_BUILD / function,
    )
    try:
        processes.wait_until(
            process, lambda: _listens(port), within_seconds=_READY_SECONDS, log=log
        )
        yield EmulatedEnvironment(f"http://{LOOPBACK}:{port}", process, log)
    finally:
        processes.stop(process)


def lambda_environment(function: str, *, alias: str | None) -> dict[str, str]:
    """Return the variables that Lambda sets for every function, and none of the user's own."""
    layer = places.SAM_BUILD / artifact.LAYER / "python"
    # The emulator puts the function's name into the ARN that it was invoked by.
    name = f"{function}:{alias}" if alias else function
    return {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "24",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_REGION": places.REGION,
        "AWS_DEFAULT_REGION": places.REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "LAMBDA_TASK_ROOT": str(places.SAM_BUILD / function),
        "PATH": os.defpath,
        "PYTHONPATH": str(layer),
        # A layer is mounted so that nothing can be written beside it.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@cache
def _emulator() -> Path:
    name = f"aws-lambda-rie-{places.architecture()}"
    found = list(places.SAM.parents[1].glob(f"lib/python*/site-packages/samcli/local/rapid/{name}"))
    if not found:
        raise LocalStackError("Lambda's emulator is not installed; run this by `make`.")
    return found[0]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
