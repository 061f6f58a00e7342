"""Unpack Debian packages into a folder, without root and without changing the system."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts.envs import ROOT, STAMP, SetupError, fingerprint, run, say, up_to_date

#: Our own package lists, because the system's may be missing or old.
_LISTS = ROOT / "build" / "apt"


def ensure_unpacked(folder: Path, packages: Sequence[str], title: str) -> None:
    """Unpack *packages*, without their dependencies, into *folder*.

    apt downloads the current versions of this Debian release, and verifies Debian's signature.

    Raises:
        SetupError: this is no Debian, or its release lacks one of *packages*.
    """
    release = Path("/etc/os-release")
    if not (shutil.which("apt-get") and shutil.which("dpkg") and release.is_file()):
        raise SetupError(f"{title}: needs a Debian with apt-get; the tests of it will fail.")
    wanted = fingerprint(release, salt=" ".join(packages))
    if up_to_date(folder, wanted):
        return

    def install() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        archives = folder / "archives"
        archives.mkdir(parents=True)
        _apt("update")
        _apt("download", *packages, folder=archives)
        for archive in archives.iterdir():
            run("dpkg", "-x", archive, folder)
        shutil.rmtree(archives)
        keep_links_inside(folder)
        (folder / STAMP).write_text(wanted)

    say(f"Unpacking {title}", install)


def _apt(*arguments: str, folder: Path = ROOT) -> None:
    for name in ("lists", "cache"):
        (_LISTS / name / "partial").mkdir(parents=True, exist_ok=True)
    options = (
        *("-o", f"Dir::State::Lists={_LISTS / 'lists'}", "-o", f"Dir::Cache={_LISTS / 'cache'}"),
        # As root, apt would switch to a user that cannot write into our folder.
        *("-o", "APT::Sandbox::User=root"),
    )
    # `apt-get download` writes to the working directory.
    run("env", f"--chdir={folder}", "apt-get", "--quiet", *options, *arguments)


def keep_links_inside(folder: Path) -> None:
    """Redirect each absolute link to the same path in *folder*, if that exists."""
    for path in folder.rglob("*"):
        if path.is_symlink() and path.readlink().is_absolute():
            inside = folder / path.readlink().relative_to("/")
            if inside.exists():
                path.unlink()
                path.symlink_to(inside)
