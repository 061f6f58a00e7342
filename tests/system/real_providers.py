"""Providers that nobody here wrote, each in a process of its own on the loopback interface."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from tests.configuration.flows import CALLBACK, SCOPES

from tokenvend_local import places, processes

DJANGO = places.ROOT / ".venvs" / "django" / "bin" / "python"
#: With characters that form-encoding changes, for HTTP Basic (RFC 6749 §2.3.1).
CLIENT = {"client_id": "id", "client_secret": "s3cret+/=%"}
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class RunningProvider:
    """A running one, and what it has logged: a line of JSON for each token request."""

    url: str
    log: Path

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        """The token requests so far."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]
        return [line for line in lines if "status" in line]

    def authorize(self, url: str) -> dict[str, str]:
        """What comes back to the callback: its user is signed in, and agrees to everything."""
        answer = requests.get(url, timeout=10, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        return {name: values[0] for name, values in parse_qs(back.query).items()}


@contextmanager
def django_oauth_toolkit(folder: Path, *, rotates: bool) -> Iterator[RunningProvider]:
    """Django OAuth Toolkit, with one client whose user consents to `SCOPES`."""
    port = processes.free_port()
    settings = {
        "port": port,
        "scopes": {scope: scope for scope in sorted(SCOPES)},
        "rotates": rotates,
        "client": CLIENT | {"redirect_uris": [CALLBACK]},
    }
    script = places.ROOT / "tests" / "django_toolkit" / "server.py"
    with _running([str(DJANGO), str(script)], "DJANGO_OAUTH_TOOLKIT", settings, folder) as log:
        yield RunningProvider(f"http://127.0.0.1:{port}/o", log)


@contextmanager
def oidc_provider(
    folder: Path, *, tls: dict[str, str], clients: Sequence[dict[str, Any]]
) -> Iterator[RunningProvider]:
    """The npm `oidc-provider` over https, with *clients* as `tests/node/server.mjs` takes them."""
    port = processes.free_port()
    settings = {
        "port": port,
        "scopes": sorted(SCOPES),
        "resources": {},
        "clients": list(clients),
        "tls": tls,
    }
    script = places.ROOT / "tests" / "node" / "server.mjs"
    node = shutil.which("node") or "node"
    with _running([node, str(script)], "OIDC_PROVIDER", settings, folder) as log:
        yield RunningProvider(f"https://127.0.0.1:{port}", log)


@contextmanager
def _running(
    command: Sequence[str], variable: str, settings: dict[str, Any], folder: Path
) -> Iterator[Path]:
    log = folder / "provider.log"
    environ = places.environment({variable: json.dumps(settings)}, inherited=os.environ)
    process = processes.start(variable.lower(), list(command), environ=environ, log=log)
    try:
        processes.wait_until(
            process,
            lambda: '{"' in log.read_text(),
            within_seconds=_READY_SECONDS,
            log=log,
        )
        yield log
    finally:
        processes.stop(process)
