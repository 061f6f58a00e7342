"""Python 3.13 is found where people have it, and the error for its absence says what to install."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "find-python"


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH has what the script itself needs, and no Python."""
    for name in ("bash", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    return {"PATH": str(tmp_path), "HOME": str(tmp_path)}


def run(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT], env=environ, capture_output=True, text=True, check=False, cwd=os.sep
    )


def test_none_is_told_with_what_to_do(bare: dict[str, str]) -> None:
    found = run(bare)

    assert found.returncode == 1
    assert "needs Python 3.13" in found.stderr
    assert "pyenv install 3.13" in found.stderr


def test_one_on_the_path_is_taken(bare: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)

    assert run(bare).stdout.strip() == "python3"


def test_one_that_is_named_goes_first(bare: dict[str, str]) -> None:
    assert run({**bare, "PYTHON": sys.executable}).stdout.strip() == sys.executable


def test_another_version_is_not_taken(bare: dict[str, str], tmp_path: Path) -> None:
    old = tmp_path / "python3.13"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    assert run(bare).returncode == 1
