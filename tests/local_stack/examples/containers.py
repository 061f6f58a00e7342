"""What ECS and EKS do for a container: credentials of its role, and its own process."""

import http.server
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.loopback import serving

from tokenvend_local import processes
from tokenvend_local.places import ROOT
from tokenvend_local.principals import Principal

SOURCE = ROOT / "examples" / "src"
#: The image has no botocore, and this interpreter has.
_WITHOUT_BOTOCORE = "import runpy, sys; sys.modules['botocore'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"  # noqa: E501
_AUTHORIZATION = "an-identity-of-the-pod"


@contextmanager
def credentials_of(role: Principal, folder: Path) -> Iterator[dict[str, str]]:
    """The variables by which a pod finds its credentials, and the endpoint that gives them."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") == _AUTHORIZATION
            document = {
                "AccessKeyId": role.access_key_id,
                "SecretAccessKey": role.secret_access_key,
                "Token": role.session_token,
                "Expiration": "2099-01-01T00:00:00Z",
            }
            body = json.dumps(document if known else {}).encode()
            self.send_response(200 if known else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        file = folder / "identity"
        file.write_text(_AUTHORIZATION)
        yield {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file),
        }


@contextmanager
def running(command: list[str], variables: Mapping[str, str], log: Path) -> Iterator[None]:
    """A container's command as a process of its own, until it is asked to end."""
    name, script = command
    assert name == "python"
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{SOURCE}{os.pathsep}{ROOT / 'clients' / 'python' / 'src'}",
        **variables,
    }
    started = [sys.executable, "-c", _WITHOUT_BOTOCORE, str(SOURCE / script)]
    process = processes.start("The service", started, environ=environ, log=log)
    try:
        processes.wait_until(
            process, lambda: "serving" in log.read_text(), within_seconds=30, log=log
        )
        yield
    finally:
        processes.stop(process)
