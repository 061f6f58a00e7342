"""What the documentation shows is run; the package stands alone, on every Python it names."""

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import tokenvend_client
from tokenvend_client.fetching import ATTEMPT_SECONDS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "clients" / "python"
SOURCE = PACKAGE / "src"
OPTIONAL = ("boto3", "botocore", "httpx", "requests")
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(tokenvend_client.__path__, "tokenvend_client.")
)


def _pythons() -> list[str]:
    """This interpreter, and the oldest that the package promises where there is one."""
    installed = sorted((Path.home() / ".pyenv" / "versions").glob("3.10*/bin/python"))
    return [sys.executable, *map(str, installed[:1])]


@pytest.mark.parametrize("name", ["tokenvend_client", *MODULES])
def test_examples_in_docstrings_work(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))

    assert result.failed == 0


def test_there_are_examples() -> None:
    counted = [doctest.testmod(importlib.import_module(name)).attempted for name in MODULES]

    assert sum(counted) >= 20


_ALONE = f"""
import sys
for name in {OPTIONAL!r}:
    sys.modules[name] = None
import asyncio
from tokenvend_client import Client, OAuthClient
from tokenvend_client.testing import FakeTokenvend
fake = FakeTokenvend()
with fake.serve() as url:
    client = Client(OAuthClient(url, "ci", "any"))
    token = client.token("sr-jobs", scope="jobs_read")
    assert asyncio.run(client.token_async("sr-jobs", scope=["jobs_read"])) is token
    assert client.replace(token).reveal() == "fake-sr-jobs-2"
    assert asyncio.run(client.token_async("sr-jobs")).reveal() == "fake-sr-jobs-3"
loaded = sorted(name for name in sys.modules if name.startswith("tokenvend"))
print(len([name for name in loaded if not name.startswith("tokenvend_client")]))
"""


@pytest.mark.parametrize("python", _pythons())
def test_it_works_alone_on_each_python_without_any_other_package(python: str) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "PYTHONWARNINGS": "error"}

    ran = subprocess.run(
        [python, "-S", "-c", _ALONE], env=environ, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "0"


def test_the_package_is_typed_needs_nothing_and_is_versioned_once(tmp_path: Path) -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    ran = subprocess.run(built, cwd=PACKAGE, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()

    assert project["dependencies"] == []
    assert project["requires-python"] == ">=3.10"
    assert project["version"] == tokenvend_client.__version__
    assert f"## {project['version']}" in (PACKAGE / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "tokenvend_client/py.typed" in names
    assert not [each for each in names if not each.startswith("tokenvend_client")]


def test_an_attempt_may_take_as_long_as_api_gateway_lets_tokenvend_take() -> None:
    assert ATTEMPT_SECONDS > 29


def test_modules_are_short() -> None:
    lengths = {
        path.relative_to(SOURCE): len(path.read_text(encoding="utf-8").splitlines())
        for path in SOURCE.rglob("*.py")
    }

    assert {path: length for path, length in lengths.items() if length > 250} == {}
