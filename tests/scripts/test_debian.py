"""What is unpacked from Debian's packages stands in its folder alone."""

from pathlib import Path

import pytest
from scripts.envs import SetupError

from scripts import debian


def test_links_to_the_system_lead_to_what_was_unpacked(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "java.conf").write_text("unpacked")
    there, missing, relative = (tmp_path / name for name in ("there", "missing", "relative"))
    there.symlink_to("/etc/java.conf")
    missing.symlink_to("/etc/not-unpacked")
    relative.symlink_to("etc/java.conf")

    debian.keep_links_inside(tmp_path)

    assert there.read_text() == "unpacked"
    assert missing.readlink() == Path("/etc/not-unpacked")
    assert relative.readlink() == Path("etc/java.conf")


def test_system_without_apt_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SetupError, match="Go: needs a Debian"):
        debian.ensure_unpacked(tmp_path / "go", ["golang"], "Go")

    assert not (tmp_path / "go").exists()
