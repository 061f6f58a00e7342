"""Build the client library: a wheel, and a Lambda layer of the same files.

Both builds are reproducible, so a layer is published again only when the library changed.
"""

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from scripts.envs import ROOT

PACKAGE = ROOT / "clients" / "python"
#: The earliest instant that a zip file can state.
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o644 << 16


def build(folder: Path) -> tuple[Path, Path]:
    """Write the wheel and the layer into *folder*, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("tokenvend*client*"):
        old.unlink()
    made = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(made, cwd=PACKAGE, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    layer = folder / "tokenvend-client-layer.zip"
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(layer, "w") as target:
        for name in sorted(source.namelist()):
            entry = zipfile.ZipInfo(f"python/{name}", _FIXED_TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _READABLE_BY_ALL
            target.writestr(entry, source.read(name))
    return wheel, layer


def main(arguments: Sequence[str]) -> int:
    """Build into the folder given, by default `build/client`."""
    folder = Path(arguments[0]) if arguments else ROOT / "build" / "client"
    for path in build(folder.resolve()):
        print(f"{path.name}: {path.stat().st_size // 1024} KiB, in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
