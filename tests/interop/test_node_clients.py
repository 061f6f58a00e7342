"""Node's OAuth clients get a token, each as its own documentation has it used."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from scripts.envs import NODE
from tests.interop.gateway import CLIENT_ID, CLIENT_SECRET, Gateway

SCRIPT = Path(__file__).with_name("clients.mjs")


@pytest.mark.parametrize("method", ["basic", "post"])
@pytest.mark.parametrize(
    "name", ["openid-client", "oauth4webapi", "simple-oauth2", "@badgateway/oauth2-client"]
)
def test_client_gets_a_token_and_tells_a_refusal(
    gateway: Gateway, tmp_path: Path, name: str, method: str
) -> None:
    module = tmp_path / "clients.mjs"
    module.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    environ = {
        "PATH": os.environ["PATH"],
        "NODE_EXTRA_CA_CERTS": str(gateway.certificate),
        "TOKENVEND_URL": gateway.url,
        "CLIENT": name,
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
        "METHOD": method,
    }

    done = subprocess.run(
        ["node", str(module)], env=environ, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["has_token"], found["type"].lower()) == (True, "bearer")
    assert found["refusal"] == "invalid_scope"
