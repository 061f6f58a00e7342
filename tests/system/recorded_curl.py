"""A curl that writes down what every list of processes would show of it."""

import shutil
from pathlib import Path


class RecordedCurl:
    """Stands before the real curl in `path`."""

    def __init__(self, folder: Path) -> None:
        self._arguments = folder / "arguments"
        real = shutil.which("curl")
        assert real, "curl is not installed: see scripts/system-packages"
        recorder = folder / "curl"
        recorder.write_text(
            f'#!/bin/bash\nprintf "%s\\n" "$@" >> {self._arguments}\nexec {real} "$@"\n'
        )
        recorder.chmod(0o755)
        self.path = f"{folder}:/usr/bin:/bin"

    @property
    def arguments(self) -> str:
        """All arguments of all calls."""
        return self._arguments.read_text(encoding="utf-8")
