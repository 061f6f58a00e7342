"""The adapters' other side: ministack, started once for the whole session.

`TOKENVEND_TEST_ENDPOINT_URL` names an AWS endpoint that is there already, for whoever has
another stand-in. Otherwise ministack is started with `TOKENVEND_MINISTACK_PYTHON`, by default
the interpreter of the environment that the Makefile makes for it.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.http_calls import Serve
from tests.adapters.servers import Server

_MINISTACK_PYTHON = Path(__file__).parents[2] / ".venvs" / "ministack" / "bin" / "python"
_STARTS_WITHIN_SECONDS = 30


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Clients of a local AWS whose conditional writes have exactly one winner."""
    given = os.environ.get("TOKENVEND_TEST_ENDPOINT_URL")
    if given:
        yield Aws(given)
        return
    directory = tmp_path_factory.mktemp("ministack")
    port = _free_port()
    python = os.environ.get("TOKENVEND_MINISTACK_PYTHON", str(_MINISTACK_PYTHON))
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [python, "-m", "ministack"],
            env=_environment(port, directory),
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_listening(port, process)
        yield Aws(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def tables(aws: Aws) -> Tables:
    """New, empty tables."""
    return Tables(aws.dynamodb).create()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that run until the test is over."""
    with ExitStack() as stack:
        yield lambda script, **settings: stack.enter_context(Server(script, **settings).running())


def _environment(port: int, directory: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "GATEWAY_PORT": str(port),
        # It would listen on every interface, and for SFTP and MQTT too.
        "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"ministack ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"ministack does not listen after {_STARTS_WITHIN_SECONDS} s")
