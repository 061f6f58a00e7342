"""`make deploy` on a local AWS: the first time, again, with a changed parameter, and refused."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tokenvend_local import deployment, local_aws, places
from tokenvend_local.kept import FOLDER

type Deploy = Callable[..., subprocess.CompletedProcess[str]]

FILE = """
version: 1
providers: {acme: {token_endpoint: "https://login.acme.example/token"}}
credentials: {jobs: {provider: acme, scopes: [read]}}
callers: {shop: {identities: [{client: shop-web}]}}
grants: [{caller: shop, credential: jobs, scopes: [read]}]
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with local_aws.running(FOLDER / "deploy") as endpoint:
        yield endpoint


@pytest.fixture
def deploy(endpoint: str, tmp_path: Path) -> Deploy:
    file = tmp_path / "tokenvend.yaml"
    file.write_text(FILE, encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        parameters = ("LocalStack=true", f"Architecture={places.architecture()}")
        return subprocess.run(
            [
                *(sys.executable, "-m", "tokenvend_deploy", "--endpoint-url", endpoint),
                *("--file", str(file), *arguments, *parameters),
            ],
            cwd=places.ROOT,
            env=places.environment({}, endpoint=endpoint, inherited=os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_one_command_deploys_applies_and_says_what_runs(deploy: Deploy, endpoint: str) -> None:
    first = deploy()
    again = deploy()
    changed = deploy("MemorySeconds=5")
    renamed = deploy("DeploymentId=another")

    assert first.returncode == 0, first.stdout + first.stderr
    assert "Deploying for the first time" in first.stdout
    assert "Applied." in first.stdout
    assert "8 functions run what was deployed" in first.stdout
    assert "for the first time" not in again.stdout
    assert "8 functions run what was deployed" in again.stdout
    functions = deployment.client(endpoint, "lambda")
    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    (vend,) = [name for name in names if "VendIam" in name]
    live = functions.get_function_configuration(FunctionName=f"{vend}:live")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert live["Environment"]["Variables"]["TOKENVEND_MEMORY_SECONDS"] == "5"
    assert renamed.returncode == 1
    assert "the deployment tokenvend, and you ask for another" in renamed.stdout
    assert "Nothing was deployed." in renamed.stderr


def test_a_parameter_that_the_template_has_not_is_refused(deploy: Deploy) -> None:
    result = deploy("MemorySecond=5")

    assert result.returncode == 1
    assert "The template has no parameter MemorySecond." in result.stderr
