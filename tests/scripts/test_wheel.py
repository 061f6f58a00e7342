"""The command as users install it: from its wheel, on Python 3.12 and later."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from scripts import envs

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "docs" / "examples" / "tokenvend.yaml"


def _run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (made,) = folder.glob("*.whl")
    return made


def _pythons() -> list[str]:
    """This interpreter, and a Python 3.12 where there is one."""
    found = shutil.which("python3.12")
    installed = sorted((Path.home() / ".pyenv" / "versions").glob("3.12*/bin/python"))
    candidates = [str(path) for path in installed] + ([found] if found else [])
    asked = [sys.executable]
    for candidate in candidates:
        works = [candidate, "-c", "import ensurepip, sys; assert sys.version_info[:2] == (3, 12)"]
        if subprocess.run(works, capture_output=True, check=False).returncode == 0:
            return [*asked, candidate]
    return asked


def test_the_wheel_holds_what_the_command_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    profiles = {path.name for path in (ROOT / "cli" / "tokenvend_cli" / "profiles").glob("*.yaml")}

    assert {f"tokenvend_cli/profiles/{name}" for name in profiles} <= names
    assert "tokenvend/entries/pages/style.css" in names
    assert not [name for name in names if name.startswith(("tokenvend_local", "tokenvend_deploy"))]


def test_every_python_from_3_12_on_may_install_it_and_the_checks_hold_the_code_to_that() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["requires-python"] == ">=3.12"
    # mypy knows which names of the standard library 3.12 has, and ruff its syntax.
    assert project["tool"]["mypy"]["python_version"] == "3.12"
    assert project["tool"]["ruff"]["target-version"] == "py312"


@pytest.mark.parametrize("python", _pythons())
def test_the_installed_command_works(wheel: Path, tmp_path: Path, python: str) -> None:
    bin_folder = tmp_path / "venv" / "bin"
    _run(python, "-m", "venv", tmp_path / "venv")
    into = ("pip", "install", "--python", bin_folder / "python")
    envs.uv(*into, "--require-hashes", "-r", ROOT / "requirements" / "cli.txt")
    envs.uv(*into, "--no-deps", wheel)

    help_text = _run(bin_folder / "tokenvend", "--help", cwd=tmp_path)
    valid = _run(bin_folder / "tokenvend", "validate", "-f", CONFIGURATION, cwd=tmp_path)

    assert "restore" in help_text
    assert "can be applied" in valid
