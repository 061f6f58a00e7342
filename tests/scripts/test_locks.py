"""The pinned lists are compared with what was asked for, without a network."""

from pathlib import Path

import pytest

from scripts import locks

PINS = "requests==2.0 \\\n    --hash=sha256:aa\ntypes-pyyaml==6.0 \\\n    --hash=sha256:bb\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "layer.in").write_text("# why\nrequests\n")
    (tmp_path / "layer.txt").write_text(PINS)
    (tmp_path / "requirements.txt").write_text(PINS)
    (tmp_path / "dev.in").write_text("-r layer.in\ntypes-PyYAML\n")
    (tmp_path / "dev.txt").write_text(PINS)
    return tmp_path


def test_nothing_is_wrong(folder: Path) -> None:
    assert locks.faults(folder, {"layer": folder / "requirements.txt"}) == []


@pytest.mark.parametrize(
    ("required", "what"),
    [
        pytest.param("-r layer.in\nboto3[crt]\n", "boto3 is asked for but not pinned", id="new"),
        pytest.param("requests==1.9\n", "requests is not 1.9", id="another version"),
    ],
)
def test_a_list_that_was_not_pinned_again(folder: Path, required: str, what: str) -> None:
    (folder / "dev.in").write_text(required)

    found = locks.faults(folder, {"layer": folder / "requirements.txt"})

    assert len(found) == 1
    assert what in found[0]


def test_pins_without_hashes(folder: Path) -> None:
    (folder / "dev.txt").write_text("requests==2.0\ntypes-pyyaml==6.0\n")

    assert "without hashes" in locks.faults(folder, {"layer": folder / "requirements.txt"})[0]


def test_a_layer_copy_of_another_content(folder: Path) -> None:
    (folder / "requirements.txt").write_text("requests==1.0\n")

    assert (
        "differs from layer.txt" in locks.faults(folder, {"layer": folder / "requirements.txt"})[0]
    )
