"""The files that `make up` writes for a person and for `make down`."""

import json
import os
import shlex
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tokenvend_local import places
from tokenvend_local.callers import token_url
from tokenvend_local.demo import Demo
from tokenvend_local.processes import Process
from tokenvend_local.stack import LocalStack

FOLDER = places.BUILD / "local-stack"
STATE = FOLDER / "state.json"


def keep(demo: Demo) -> None:
    """Write the state, and the files with which a person acts as each of the demo's callers."""
    stack = demo.stack
    _write(FOLDER / "env", _exports(stack))
    _write(FOLDER / "dashboard.curl", _client_curl(demo))
    _write(FOLDER / "dashboard.env", _client_exports(demo))
    _write(FOLDER / "careers-site.curl", _signed_curl(demo))
    _write(FOLDER / "aws-credentials", _profiles(demo))
    document: dict[str, Any] = {
        "processes": [asdict(process) for process in stack.processes],
        "endpoint": stack.endpoint,
        "api_url": stack.api_url,
        "provider_url": stack.provider.url,
        "folder": str(stack.folder),
    }
    _write(STATE, json.dumps(document, indent=2) + "\n")


def state() -> dict[str, Any] | None:
    """Return the saved state; `None` if no stack was recorded as running."""
    if not STATE.is_file():
        return None
    found: dict[str, Any] = json.loads(STATE.read_text())
    return found


def saved_processes(document: dict[str, Any]) -> tuple[Process, ...]:
    """Return the processes of a saved state; they may have ended since."""
    return tuple(Process(**process) for process in document["processes"])


def forget() -> None:
    """Remove the state, and every file with a secret in it."""
    for name in (
        *("env", "dashboard.env", "dashboard.curl"),
        *("careers-site.curl", "aws-credentials", "tokenvend.yaml"),
    ):
        (FOLDER / name).unlink(missing_ok=True)
    STATE.unlink(missing_ok=True)
    shutil.rmtree(FOLDER / "up" / "tmp", ignore_errors=True)


def _write(path: Path, text: str) -> None:
    """Write *path* readable by its owner only: most of these files hold a secret."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _exports(stack: LocalStack) -> str:
    """Return a file for `source`, after which tokenvend and aws use the local stack."""
    environ = stack.environment()
    names = [name for name in environ if name.startswith(("AWS_", "TOKENVEND_"))]
    settings = {name: environ[name] for name in sorted(names)} | {
        "AWS_SHARED_CREDENTIALS_FILE": str(FOLDER / "aws-credentials"),
        "NO_PROXY": environ["NO_PROXY"],
        "VENDING_API_URL": stack.api_url,
        "VEND_DIRECT_FUNCTION": stack.deployed.outputs["VendDirectFunctionName"],
        "DEMO_PROVIDER_URL": stack.provider.url,
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    # Last on the PATH, so that the user's own Python still comes first.
    return "\n".join([*lines, f'export PATH="$PATH":{shlex.quote(str(places.VENV / "bin"))}', ""])


def _client_curl(demo: Demo) -> str:
    """Return a file for `curl -K` with the OAuth client's id and secret."""
    url = token_url(demo.stack.deployed, "oauth2", "reports")
    client = demo.dashboard
    return f'url = "{url}"\nuser = "{client.client_id}:{client.client_secret}"\n'


def _client_exports(demo: Demo) -> str:
    """Return a file for `source`, after which the client library acts as the OAuth client."""
    settings = {
        "TOKENVEND_URL": demo.stack.api_url,
        "TOKENVEND_CLIENT_ID": demo.dashboard.client_id,
        "TOKENVEND_CLIENT_SECRET": demo.dashboard.client_secret,
        "DEMO_PROVIDER_URL": demo.stack.provider.url,
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())


def _signed_curl(demo: Demo) -> str:
    """Return a file for `curl -K` that signs with the role of careers-site (curl 7.75 or later)."""
    role = demo.careers_site
    lines = {
        "url": token_url(demo.stack.deployed, "iam", "jobs"),
        "aws-sigv4": f"aws:amz:{places.REGION}:execute-api",
        "user": f"{role.access_key_id}:{role.secret_access_key}",
        "header": f"X-Amz-Security-Token: {role.session_token}",
    }
    return "".join(f'{name} = "{value}"\n' for name, value in lines.items())


def _profiles(demo: Demo) -> str:
    """Return an AWS credentials file with a profile for each role of the demo."""
    return "".join(
        f"[{role.name}]\naws_access_key_id = {role.access_key_id}\n"
        f"aws_secret_access_key = {role.secret_access_key}\n"
        f"aws_session_token = {role.session_token}\n\n"
        for role in (demo.careers_site, demo.nightly_export, demo.stranger)
    )
