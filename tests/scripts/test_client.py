"""The client library's layer is what Lambda puts on the path, and the same bytes each time."""

import subprocess
import sys
import zipfile
from pathlib import Path

from scripts import client

_HANDLER = """
import sys
sys.path = [each for each in sys.path if "tokenvend" not in each]
sys.path.insert(0, LAYER)
import tokenvend_client
from tokenvend_client.testing import FakeTokenvend
assert tokenvend_client.__file__.startswith(LAYER)
print(FakeTokenvend().client().token("sr-jobs").reveal())
"""


def test_a_function_with_the_layer_gets_a_token(tmp_path: Path) -> None:
    _, layer = client.build(tmp_path / "first")
    zipfile.ZipFile(layer).extractall(tmp_path / "opt")
    path = str(tmp_path / "opt" / "python")

    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _HANDLER.replace("LAYER", repr(path))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "fake-sr-jobs-1"


def test_the_same_library_makes_the_same_layer(tmp_path: Path) -> None:
    made = [client.build(tmp_path / name)[1].read_bytes() for name in ("first", "second")]

    assert made[0] == made[1]


def test_the_layer_holds_the_library_and_nothing_else(tmp_path: Path) -> None:
    wheel, layer = client.build(tmp_path)

    inside = zipfile.ZipFile(layer).namelist()

    assert inside == sorted(f"python/{name}" for name in zipfile.ZipFile(wheel).namelist())
    assert "python/tokenvend_client/py.typed" in inside
    assert not [name for name in inside if "__pycache__" in name]
