"""The folders, files and names of the local stack."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
#: Temporary files of everything that runs here; nothing is written outside this folder.
TEMPORARY = BUILD / "tmp"
#: `sam build` for the local stack; `make build` writes .aws-sam, for AWS.
SAM_BUILD = BUILD / "sam"
#: The built template as the local stack deploys it, in that folder.
JSON_TEMPLATE = "template.json"
TEMPLATE = ROOT / "template.yaml"
DEMO_CONFIGURATION = ROOT / "demo" / "tokenvend.yaml"

VENV = ROOT / ".venv"
MINISTACK_PYTHON = ROOT / ".venvs" / "ministack" / "bin" / "python"
SAM = ROOT / ".venvs" / "sam" / "bin" / "sam"
#: The environment with the packages of Lambda's runtime, and nothing else.
RUNTIME_PYTHON = ROOT / ".venvs" / "runtime" / "bin" / "python"
#: The environment with a `python3.13` with pip, which `sam build` looks for on the PATH.
BUILD_PYTHON_BIN = ROOT / ".venvs" / "uv" / "bin"

ACCOUNT = "111122223333"
REGION = "eu-west-1"
STACK_NAME = "tokenvend"
STAGE = "v1"

_LOOPBACK_HOSTS = "127.0.0.1,localhost"


def architecture() -> str:
    """Return this machine's processor, as Lambda calls it."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def environment(
    extra: Mapping[str, str], *, endpoint: str | None = None, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment variables for a process of the local stack.

    The user's AWS settings are left out, so that no command here can reach a real account;
    with *endpoint*, all AWS calls go there, as the account's root.
    """
    variables = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
    for name in ("NO_PROXY", "no_proxy"):
        variables[name] = ",".join(filter(None, (variables.get(name), _LOOPBACK_HOSTS)))
    variables |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": REGION,
        "SAM_CLI_TELEMETRY": "0",
        "TMPDIR": str(TEMPORARY),
    }
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    if endpoint:
        # ministack takes a 12-digit access key id for that account's root, whatever the secret.
        variables |= {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local-stack",
        }
    return variables | dict(extra)
